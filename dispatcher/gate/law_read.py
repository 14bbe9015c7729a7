"""Silence of the law is no permission: what nobody has read holds, whatever the rules that were read allow."""

from collections.abc import Iterator
from dataclasses import replace

from dispatcher.gate.decision import Decision, Outcome, Reason, own_reason
from dispatcher.gate.facts import ContactFacts, Kind, LawRead

DESK = "desk"
_BARRED = "time_barred: in the packs of the place"
_DEMANDS = frozenset({Kind.COLLECTION, Kind.COURTESY, Kind.SPECIFIED_REMEDY_NOTICE})


def unless_unread(decision: Decision, facts: ContactFacts, law: LawRead) -> Decision:
    """The decision, kept back where the law of a place is unread or says nothing of how to ask for an old debt.

    A block stands as it is; before a real provider what nobody has confirmed holds too.
    """
    if decision.outcome is Outcome.BLOCK:
        return decision
    reasons = (*_barred(facts, law), *_reasons(law))
    if not reasons:
        return decision
    worst = max((reason.outcome for reason in reasons), key=lambda outcome: outcome.precedence)
    return replace(
        decision, outcome=worst, not_before=None, not_after=None, reasons=(*decision.reasons, *reasons)
    )


def _barred(facts: ContactFacts, law: LawRead) -> Iterator[Reason]:
    """A time-barred debt is asked for only as a pack of the place says, with its sentences."""
    debt = facts.debt
    if facts.action.kind not in _DEMANDS or not (debt.time_barred or _may_be_barred(facts, law)):
        return
    what = (
        "the debt is time-barred"
        if debt.time_barred
        else "nobody has said whether this old debt is time-barred"
    )
    if law.barred_sentences is None:
        detail = f"{what}, and no pack of the place says how it may be asked for"
        yield _reason("time-barred", detail, outcome=Outcome.BLOCK, reference=_BARRED)
        return
    content = facts.action.content
    missing = sorted(set(law.barred_sentences).difference(content.said)) if content else []
    if missing:
        detail = f"{what}, and the text lacks what must be said with it: {', '.join(missing)}"
        yield _reason("time-barred", detail, outcome=Outcome.BLOCK, reference=_BARRED)


def _may_be_barred(facts: ContactFacts, law: LawRead) -> bool:
    age, since = law.barred_unknown_after_days, facts.debt.due
    return (
        age is not None
        and facts.debt.bar_unknown
        and since is not None
        and (facts.now.date() - since).days > age
    )


def _reasons(law: LawRead) -> Iterator[Reason]:
    if law.unread:
        places = ", ".join(law.unread)
        yield _reason(
            "coverage",
            f"nobody has read the law of this place: {places}",
            reference="config/places/coverage.yaml",
            places=places,
        )
    if not law.must_be_confirmed:
        return
    if law.unconfirmed:
        places = ", ".join(law.unconfirmed)
        yield _reason(
            "coverage",
            f"nobody has confirmed what is said of the law of {places}; a real provider waits for it",
            reference="config/places/coverage.yaml (confirmed_by)",
            places=places,
        )
    if law.unreviewed:
        names = ", ".join(law.unreviewed)
        yield _reason(
            "pack-not-reviewed",
            f"counsel has not reviewed {names}; a real provider waits for it",
            reference="counsel's review (reviewed: in the pack's file)",
            packs=names,
        )


def _reason(
    rule: str, detail: str, *, reference: str, outcome: Outcome = Outcome.HOLD, **inputs: str
) -> Reason:
    return own_reason(DESK, rule, outcome, reference, detail, **inputs)
