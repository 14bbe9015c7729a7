"""Puts what one person owes into messages: which debts share one, under which step, and how each is spoken of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from dispatcher.messages.domain.spoken import How
from dispatcher.people.domain.asked import asked_in_all
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.planning.domain.strategy import Step, Strategy
from dispatcher.planning.domain.timing import Hours
from dispatcher.values.money import Money

WAITS_AT_MOST = 2  # days a step is put off before it goes first: the next day is its third


@dataclass(frozen=True, kw_only=True, slots=True)
class DueDebt:
    """A debt at a step of its own ladder, as the recipient owes it; `occurrence` counts the tries at this step.

    `since`: the first day on which this step was due.
    """

    debt: DebtFile
    step: Step
    strategy: Strategy
    relation: str = "debtor"
    occurrence: int = 1
    how: How = How.DUE
    since: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """A debt that a message speaks of without moving its ladder; `occurrence` counts such mentions."""

    debt: DebtFile
    how: How  # listed, new, disputed
    strategy: Strategy
    relation: str = "debtor"
    occurrence: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """One message that is due: a recipient and what it would speak of, under the furthest step among `dues`."""

    person: PersonFile
    relation: str
    strategy: Strategy
    step: Step
    dues: tuple[DueDebt, ...]
    mentions: tuple[Mention, ...] = ()
    arm: str = ""  # of an experiment: `NAME: ARM`
    hours: Hours | None = None  # in which that arm goes

    @property
    def spoken(self) -> tuple[DueDebt | Mention, ...]:
        """Every debt that it names, oldest due date first."""
        return tuple(sorted((*self.dues, *self.mentions), key=_by_age))

    @property
    def asked(self) -> tuple[DebtFile, ...]:
        """The debts it asks for: all that it names, less the disputed ones."""
        return tuple(each.debt for each in self.spoken if each.how is not How.DISPUTED)

    @property
    def total(self) -> Money:
        """What it asks for in all."""
        return asked_in_all(self.asked, self.asked[0].balance.currency)

    def days_past_due(self, as_of: date) -> int:
        """Of the debts it asks for, the oldest's."""
        return max((as_of - debt.due_date).days for debt in self.asked)


def group_dues(
    person: PersonFile,
    dues: Iterable[DueDebt],
    mentions: Iterable[Mention] = (),
    *,
    own_first_contact: bool = False,
) -> list[Intent]:
    """One intent a debt, or of strategies that join one for all debts that may stand in one table.

    `own_first_contact`: the law wants a debt's first contact to be a message of its own.
    """
    groups: dict[object, list[DueDebt]] = {}
    for due in sorted(dues, key=_by_age):
        groups.setdefault(_table(due) if due.strategy.joins() else due.debt.id, []).append(due)
    beside: dict[object, list[Mention]] = {}
    for mention in sorted(mentions, key=_by_age):
        beside.setdefault(_shared(mention), []).append(mention)
    intents: list[Intent] = []
    for key, group in groups.items():
        intents += _intents(person, group, beside.get(key, []), own_first_contact=own_first_contact)
    return intents


def _by_age(each: DueDebt | Mention) -> tuple[date, str]:
    return each.debt.due_date, each.debt.reference


def _shared(each: DueDebt | Mention) -> tuple[object, ...]:
    """What debts of one message must share for a plain reminder. A person has one creditor and one language."""
    debt = each.debt
    barred = debt.time_barred_on is not None
    return (
        debt.creditor_id,
        debt.balance.currency,
        each.relation == "guarantor",
        debt.sender_role,
        barred,
        "collection",
        False,
    )


def _table(due: DueDebt) -> tuple[object, ...]:
    return (*_shared(due)[:-2], due.step.kind, due.step.needs_handover_decision)


def _intents(
    person: PersonFile, dues: list[DueDebt], mentions: list[Mention], *, own_first_contact: bool
) -> list[Intent]:
    """One message, or where the law wants first contacts apart, first those and then the rest."""
    fresh = [due for due in dues if due.how is How.NEW]
    known = [due for due in dues if due.how is not How.NEW]
    rest = [mention for mention in mentions if mention.how is not How.NEW]
    if own_first_contact and fresh and (known or rest):
        apart = [_intent(person, fresh, [])]
        return [*apart, _intent(person, known, rest)] if known else apart
    return [_intent(person, dues, rest if own_first_contact else mentions)]


def _intent(person: PersonFile, dues: Sequence[DueDebt], mentions: Sequence[Mention]) -> Intent:
    relations = {due.relation for due in dues} | {mention.relation for mention in mentions}
    furthest = max(dues, key=lambda due: (due.step.day, due.how is not How.NEW))
    return Intent(
        person=person,
        relation="debtor" if "debtor" in relations else min(relations),
        strategy=furthest.strategy,
        step=furthest.step,
        dues=tuple(dues),
        mentions=tuple(mentions),
    )


def without(intent: Intent, refused: Iterable[int]) -> Intent | None:
    """The same message without these debts; None when none is left that it was due for."""
    gone = set(refused)
    dues = [due for due in intent.dues if due.debt.id not in gone]
    mentions = [mention for mention in intent.mentions if mention.debt.id not in gone]
    return _as_tried(_intent(intent.person, dues, mentions), intent) if dues else None


def _as_tried(part: Intent, whole: Intent) -> Intent:
    """A part of a message under the same step is of the same arm."""
    same = part.step.name == whole.step.name and part.strategy == whole.strategy
    return replace(part, step=whole.step, arm=whole.arm, hours=whole.hours) if same else part


def alone(intent: Intent, each: DueDebt | Mention) -> Intent:
    """One debt of a message as a message of its own, under the same step."""
    if isinstance(each, DueDebt):
        return _as_tried(_intent(intent.person, [each], []), intent)
    due = DueDebt(debt=each.debt, step=intent.step, strategy=each.strategy, relation=each.relation)
    return replace(_intent(intent.person, [due], []), strategy=intent.strategy)


def in_order(intents: Iterable[Intent], as_of: date) -> list[Intent]:
    """Whose turn comes first when a person may get one message: what waits longest, then first contacts.

    A step that was put off WAITS_AT_MOST days goes before anything new, so that none starves because debts keep coming.
    """
    return sorted(intents, key=lambda intent: _turn(intent, as_of))


def waited(intent: Intent, as_of: date) -> int:
    """Days since the first of its steps was due."""
    return max(((as_of - due.since).days for due in intent.dues if due.since), default=0)


def _turn(intent: Intent, as_of: date) -> tuple[object, ...]:
    days, courtesy = waited(intent, as_of), intent.step.is_courtesy
    has_new = any(due.how is How.NEW for due in intent.dues)
    overdue = days if days >= WAITS_AT_MOST else 0
    return (courtesy, -overdue, not has_new, -days, -intent.step.day, *_by_age(intent.dues[0]))
