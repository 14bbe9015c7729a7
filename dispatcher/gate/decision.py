"""Decisions: the outcome for one contact, with every reason and its reference.

A decision says whether a *contact* may be made; the gate gives it, whoever asks. What the second gate says of a
*message* at the moment of sending is a verdict (`delivery/domain/verdict.py`): a decision, joined with what has
become of debt, person, strategy and text since it was planned, and with two ends that no contact has (cancel it,
make its text anew).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from dispatcher.gate.facts import ContactFacts


class Outcome(StrEnum):
    """What may happen to a contact; of several, the one with the highest precedence stands."""

    ALLOW = "allow"
    DEFER = "defer"  # time alone cures it
    HOLD = "hold"  # a person must decide
    BLOCK = "block"  # it needs a new fact

    @property
    def precedence(self) -> int:
        """Block beats hold beats defer beats allow."""
        return _PRECEDENCE[self]


PROGRAM = "dispatcher"  # the pack of the program's own guards

_PRECEDENCE = {Outcome.ALLOW: 0, Outcome.DEFER: 1, Outcome.HOLD: 2, Outcome.BLOCK: 3}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why one rule did not allow. `inputs` are the facts it looked at; `not_before` belongs to a deferral.

    The planner adds on which `channels` it refused; none: the reason stands whatever the channel.
    """

    pack: str  # lower case
    rule: str
    outcome: Outcome
    reference: str
    detail: str
    not_before: datetime | None = None
    link: str = ""
    status: str = "law"  # law | guidance | policy
    verified: str = "unverified"  # official | secondary | unverified | own
    inputs: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The reason as rows and entries keep it: with its standing, and with what it looked at."""
        more = {
            "status": self.status,
            "verified": self.verified,
            "link": self.link,
            "channels": list(self.channels),
            "inputs": {name: str(value) for name, value in self.inputs.items()},
        }
        return self.to_json() | {name: value for name, value in more.items() if value}

    def to_json(self) -> dict[str, Any]:
        """The reason as `dispatcher decide` prints it."""
        document: dict[str, Any] = {"pack": self.pack, "rule": self.rule, "decision": self.outcome.value}
        if self.not_before is not None:
            document["not_before"] = utc_text(self.not_before)
        return document | {"reference": self.reference, "detail": self.detail}


def own_reason(pack: str, rule: str, outcome: Outcome, reference: str, detail: str, **inputs: str) -> Reason:
    """A reason that stands in no pack: the ledger's, the desk's, a guard's, the gate's own when it fails closed."""
    return Reason(
        pack=pack,
        rule=rule,
        outcome=outcome,
        reference=reference,
        detail=detail,
        status="policy",
        verified="own",
        inputs=inputs,
    )


def reported(pack: str, rule: str, outcome: Outcome, reference: str, detail: str) -> Reason:
    """What somebody else did or said, a person or a provider: no rule of ours."""
    return Reason(
        pack=pack, rule=rule, outcome=outcome, reference=reference, detail=detail, status="", verified=""
    )


def reasons_json(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Reasons as rows and entries keep them."""
    return [reason.as_json() for reason in reasons]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What the gate says about one contact.

    `not_before` (UTC): the first instant at which a deferred contact is allowed if nothing else changes.
    `not_after` (UTC): the first instant at which an allowed one would no longer be; None: no such instant.
    `packs`: the packs that were asked, as `name@version/digest`; `facts`: where somebody keeps its grounds.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    packs: tuple[str, ...] = ()
    facts: ContactFacts | None = field(default=None, compare=False, repr=False)  # what it was made on

    @property
    def allowed(self) -> bool:
        """Whether it may go out now."""
        return self.outcome is Outcome.ALLOW

    def to_json(self) -> dict[str, Any]:
        """The decision as `dispatcher decide` prints it (without the `id` of the question)."""
        document: dict[str, Any] = {"decision": self.outcome.value}
        if self.not_before is not None:
            document["not_before"] = utc_text(self.not_before)
        return document | {"reasons": [reason.to_json() for reason in self.reasons]}


def utc_text(moment: datetime) -> str:
    """An instant as `2026-11-04T16:00:00Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
