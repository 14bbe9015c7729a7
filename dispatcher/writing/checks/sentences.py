"""Which words a rule wants in a text that no wording says: such a message is held, so `check` tells it before."""

from channels.kind import ChannelKind
from dispatcher.gate.guards.content import Disclosures, RequiredContent
from dispatcher.gate.rules import Rule, RulePack
from dispatcher.writing.domain.wording import Wording

# What the checks look for in every text, whatever the place; the last two in every validation notice.
ALWAYS = frozenset(
    {
        "sender", "callback", "creditor", "contact_person", "debt_reference", "amount", "optout",
        "itemization", "validation_period_end",
    }
)  # fmt: skip


def unwritten(
    pack: RulePack, rule: Rule, wording: Wording, channel: ChannelKind, role: str
) -> frozenset[str]:
    """The names that the rule wants and that no sentence of this language says on this channel; empty: it is kept."""
    wanted = _wanted(rule, channel)
    if not wanted:
        return frozenset()
    written = {
        disclosure.name
        for disclosure in wording.disclosures
        if pack.name.lower() in disclosure.packs
        and (not disclosure.roles or role in disclosure.roles)
        and (not disclosure.channels or channel.value in disclosure.channels)
    }
    return wanted - ALWAYS - written


def _wanted(rule: Rule, channel: ChannelKind) -> frozenset[str]:
    guard = rule.guard
    if channel.value not in rule.channels:
        return frozenset()
    if isinstance(guard, Disclosures):
        return frozenset({guard.statement} if guard.statement else ())
    if isinstance(guard, RequiredContent) and (not guard.media or channel.value in guard.media):
        return guard.elements | guard.sentences
    return frozenset()
