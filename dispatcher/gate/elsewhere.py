"""One human is one human: what is on record of them elsewhere keeps a contact back without saying what, or where.

The rules are asked twice, on the facts of this contact alone and with those of the same human's other records. Where
the second answer is stricter, the contact facts bear `kept` in place of those facts: when, and no more. What an entry,
an export or a page shows of a contact therefore tells one creditor nothing of another, and its grounds still give the
same decision again.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from dispatcher.gate.decision import Decision, Outcome, own_reason
from dispatcher.gate.facts import Attorney, Cease, ContactFacts, Elsewhere, Kept
from dispatcher.gate.guards.frequency import PUTS_OFF

DESK = "desk"
_RECORDED = "what the desk has recorded"
_NEVER = datetime.max.replace(tzinfo=UTC)

Decide = Callable[[ContactFacts], Decision]


def without_elsewhere(facts: ContactFacts, decide: Decide) -> ContactFacts:
    """The facts as they may be kept: what other records add stands in `kept`, if they add anything."""
    beyond = facts.elsewhere
    if beyond is None:
        return facts
    own = replace(facts, elsewhere=None)
    first, whole = decide(own), decide(joined(own, beyond))
    return own if _strictness(whole) <= _strictness(first) else replace(own, kept=_kept(first, whole))


def joined(facts: ContactFacts, beyond: Elsewhere) -> ContactFacts:
    """The facts of a contact with those of the same human's other records."""
    recipient = facts.action.recipient
    if beyond.deceased:
        recipient = replace(recipient, consumer_deceased=True)
    spaces = [day for day in (facts.breathing_space_until, beyond.breathing_space_until) if day]
    return replace(
        facts,
        action=replace(facts.action, recipient=recipient),
        history=(*facts.history, *beyond.history),
        opt_outs=(*facts.opt_outs, *beyond.opt_outs),
        cease=_stricter_cease(facts, beyond),
        attorney=_stricter_attorney(facts.attorney, beyond.attorney),
        bankruptcy_pending=facts.bankruptcy_pending or beyond.bankruptcy_pending,
        breathing_space_until=max(spaces, default=None),
    )


def _stricter_cease(facts: ContactFacts, beyond: Elsewhere) -> Cease | None:
    """A written request stands before an oral one: it stops more."""
    asked = [each for each in (facts.cease, beyond.cease) if each is not None]
    return next((each for each in asked if each.is_written), asked[0] if asked else None)


def _stricter_attorney(own: Attorney | None, other: Attorney | None) -> Attorney | None:
    if own is not None and own.stands_between:
        return own
    return replace(other, on_other_debts=True) if other is not None and other.stands_between else own


def _strictness(decision: Decision) -> tuple[int, datetime, float]:
    """The worse outcome, then the later beginning, then the earlier end."""
    ends = decision.not_after or _NEVER
    return (
        decision.outcome.precedence,
        decision.not_before or datetime.min.replace(tzinfo=UTC),
        -ends.timestamp(),
    )


def _kept(first: Decision, whole: Decision) -> Kept:
    known = {(reason.pack, reason.rule) for reason in first.reasons}
    added = [reason for reason in whole.reasons if (reason.pack, reason.rule) not in known]
    return Kept(
        outcome=whole.outcome.value,
        not_before=whole.not_before,
        not_after=whole.not_after,
        put_off=any(PUTS_OFF in reason.inputs for reason in added or whole.reasons),
    )


def unless_kept(decision: Decision, kept: Kept) -> Decision:
    """The decision, kept back as far as the desk's other records want it."""
    outcome = Outcome(kept.outcome)
    worst = max(decision.outcome, outcome, key=lambda each: each.precedence)
    ends = [end for end in (decision.not_after, kept.not_after) if end]
    if outcome is Outcome.ALLOW:
        return replace(decision, not_after=min(ends, default=None))
    more = {PUTS_OFF: "the plan of the next day decides anew"} if kept.put_off else {}
    rule, detail = ("not-now", "not now") if outcome is Outcome.DEFER else ("held", "on hold")
    reason = own_reason(DESK, rule, outcome, _RECORDED, detail, **more)
    starts = [start for start in (decision.not_before, kept.not_before) if start]
    return replace(
        decision,
        outcome=worst,
        not_before=max(starts, default=None) if worst is Outcome.DEFER else None,
        not_after=None,
        reasons=(*decision.reasons, replace(reason, not_before=kept.not_before)),
    )
