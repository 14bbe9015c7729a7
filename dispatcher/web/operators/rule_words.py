"""Says rules in words: what stands in a reason, beside what its pack, or the program itself, says of it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dispatcher.gate.rules import Rule
from dispatcher.people.domain.hold_kinds import HOLD_KINDS, Keeps
from dispatcher.planning.policy import Policy

# Reasons that come from the portfolio and the program's own guards stand in no pack.
_OWN: Mapping[str, str] = {
    "ledger/settled": "A debt that is settled is not asked for.",
    "ledger/paid": "A debt that is paid is not asked for.",
    "ledger/covered-by-credit": "A debt that credit notes cover is not asked for.",
    "ledger/disputed": "A disputed debt is not asked for.",
    "ledger/promised": "Who has promised to pay is not reminded before that day.",
    "ledger/not-in-ledger": "A debt that vanished from the ledger waits until somebody has looked.",
    "ledger/due-date-passed": "A courtesy reminder goes out before the due date only.",
    "ledger/no-handover-decision": "A final notice goes out only once somebody has decided to hand over.",
    "ledger/below-minimum": "An amount below the strategy's minimum is not asked for.",
    "ledger/above-maximum": "An amount above the strategy's maximum is another strategy's to ask for.",
    "ledger/step-gone": "A message whose step is no longer in config/strategies waits for a person.",
    "ledger/channel-gone": "A message goes out only on a channel that its step still names.",
    "ledger/too-many-tries": "A step that failed again and again waits for a person.",
    "ledger/no-sender": "A creditor without a sender's entry writes to nobody.",
    "ledger/unreachable": "Nobody is written to without a usable address.",
    "ledger/no-email-address": "There is no usable e-mail address on file.",
    "ledger/no-sms-address": "There is no number on file that takes an SMS.",
    "ledger/no-letter-address": "There is no complete postal address on file.",
    **{
        f"ledger/held-{kind.replace('_', '-')}": f"{meaning.says[0].upper()}{meaning.says[1:]}: we keep quiet."
        for kind, meaning in HOLD_KINDS.items()
        if meaning.keeps is Keeps.ALL
    },
    "desk/held": "The desk keeps this person back.",
    "desk/not-now": "The desk writes to this person at another time.",
    "desk/coverage": "Nobody has read, or confirmed, the law of the place where the debtor lives.",
    "desk/pack-not-reviewed": "Counsel must review a pack before real messages rely on it.",
}


def rule_of(desk: Policy, pack: str, rule: str) -> Rule | None:
    """A rule of the loaded packs."""
    known = next((one for one in desk.rulebook if one.name.lower() == pack.lower()), None)
    return next((one for one in known.rules if one.id == rule), None) if known else None


def sentence(desk: Policy, pack: str, rule: str) -> str:
    """One rule in words; empty where nobody knows it any more."""
    known = rule_of(desk, pack, rule)
    return known.says if known else _OWN.get(f"{pack}/{rule}", "")


def says(desk: Policy, reasons: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """`pack/rule` -> the rule in words, for those that are known."""
    wanted = {(str(reason.get("pack", "")), str(reason.get("rule", ""))) for reason in reasons}
    return {f"{pack}/{rule}": found for pack, rule in wanted if (found := sentence(desk, pack, rule))}


def packs_asked(
    desk: Policy, message: Mapping[str, Any], asked: Mapping[str, Any], *, today: date
) -> list[dict[str, Any]]:
    """The packs that were asked and, where the very same is still loaded, their rules about such a message."""
    loaded = {pack.name.lower(): pack for pack in desk.rulebook}
    on = date.fromisoformat(str(asked.get("local_time") or message["as_of"] or today)[:10])
    found = []
    for stamp in message.get("rule_packs") or ():
        name, _, version = str(stamp).partition("@")
        pack = loaded.get(name.lower())
        same = pack if pack is not None and pack.stamp == stamp else None
        rules = [
            rule
            for rule in (same.rules if same else ())
            if rule.in_force(on) and message["channel"] in rule.channels and message["kind"] in rule.kinds
        ]
        title = pack.title if pack else ""
        found.append(
            {"name": name, "version": version, "title": title, "rules": rules, "same": same is not None}
        )
    return found
