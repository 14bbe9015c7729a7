"""Silence of the law is no permission: what nobody has read holds, whatever the rules that were read allow."""

from collections.abc import Iterator
from dataclasses import replace

from dispatcher.gate.decision import Decision, Outcome, Reason
from dispatcher.gate.facts import LawRead

DESK = "desk"


def unless_unread(decision: Decision, law: LawRead) -> Decision:
    """The decision, held where the law of a place is unread or, before a real provider, unconfirmed; a block stands."""
    reasons = tuple(_reasons(law))
    if not reasons or decision.outcome is Outcome.BLOCK:
        return decision
    return replace(decision, outcome=Outcome.HOLD, not_before=None, not_after=None,
                   reasons=(*decision.reasons, *reasons))  # fmt: skip


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


def _reason(rule: str, detail: str, *, reference: str, **inputs: str) -> Reason:
    return Reason(
        pack=DESK,
        rule=rule,
        outcome=Outcome.HOLD,
        reference=reference,
        detail=detail,
        status="policy",
        verified="official",
        inputs=inputs,
    )
