"""What every guard is: a question to an act, answered by a refusal or by nothing."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from dispatcher.gate.act import Act
from dispatcher.gate.decision import Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why not now. A deferral carries `not_before`, the first instant at which this guard alone allows."""

    outcome: Outcome
    detail: str
    not_before: int | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)


def block(detail: str, **inputs: object) -> Refusal:
    """It needs a new fact."""
    return Refusal(outcome=Outcome.BLOCK, detail=detail, inputs=_texts(inputs))


def hold(detail: str, **inputs: object) -> Refusal:
    """A person must decide."""
    return Refusal(outcome=Outcome.HOLD, detail=detail, inputs=_texts(inputs))


def defer(not_before: int, detail: str, **inputs: object) -> Refusal:
    """Time alone cures it."""
    return Refusal(outcome=Outcome.DEFER, detail=detail, not_before=not_before, inputs=_texts(inputs))


def _texts(inputs: Mapping[str, object]) -> Mapping[str, str]:
    return {name: str(value) for name, value in inputs.items()}


class Guard(ABC):
    """One rule's question. Guards are frozen values: their fields are the rule's parameters.

    `subject`: the fact without which the guard never refuses (a path in ContactFacts), so that the gate need
    not ask; None: it may always refuse.
    """

    __slots__ = ()
    subject: ClassVar[str | None] = None

    @abstractmethod
    def refuse(self, act: Act) -> Refusal | None:
        """Why the act may not happen at `act.at`; None when this rule allows it."""

    def open_until(self, act: Act) -> int | None:
        """For an act that is allowed: the first instant at which it no longer is, as far as time decides."""
        del act
        return None

    @property
    def may_end(self) -> bool:
        """Whether time alone can end what this guard allows."""
        return type(self).open_until is not Guard.open_until
