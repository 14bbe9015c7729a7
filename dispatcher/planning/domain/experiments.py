"""Which arm of an experiment a message is of: by a stable hash of who owes, and never for whom a trial is not fit."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dispatcher.messages.domain.spoken import How
from dispatcher.people.domain.person import PersonFile
from dispatcher.planning.domain.conversation import DueDebt, Intent, without
from dispatcher.planning.domain.notices import notice_owed
from dispatcher.planning.domain.strategy import Arm, Experiment

Owners = Mapping[int, str]  # who owes a debt first, as `creditor/reference`, by the debt's id


@dataclass(frozen=True, kw_only=True, slots=True)
class Entered:
    """Somebody in a trial whose arms come on several days, on the first day on which any arm has the step."""

    debt_id: int
    debt: str  # `creditor/reference`
    person: PersonFile
    strategy: str
    step: str
    trial: str
    arm: str


def with_arm(intent: Intent, owners: Owners, as_of: date) -> Intent | None:
    """The same message as its arm has it; unchanged where no experiment runs, or the person takes no part.

    None where it is due by the day of an arm alone, and is of none.
    """
    experiment = intent.strategy.trial_of(intent.step, as_of)
    if experiment is not None and takes_part(intent, as_of):
        lead = min(intent.dues, key=lambda due: (due.debt.due_date, due.debt.reference)).debt
        arm = arm_of(experiment, owners.get(lead.id, intent.person.full_reference))
        return replace(
            intent, step=arm.of(intent.step), arm=f"{experiment.name}: {arm.name}", hours=arm.hours
        )
    early = [due.debt.id for due in intent.dues if not has_come(due, None, as_of)]
    return without(intent, early) if early else intent


def arm_in_days(due: DueDebt, person: PersonFile, owners: Owners, as_of: date) -> Entered | None:
    """The arm of a debt at a step whose trial moves days; None where there is none, or it takes no part."""
    trial = due.strategy.trial_of(due.step, as_of)
    if trial is None or not trial.moves_days or due.how is How.NEW or _is_protected(person, as_of):
        return None
    if due.debt.disputed_on is not None or notice_owed(person, [due.debt], as_of):
        return None
    arm = arm_of(trial, owners.get(due.debt.id, person.full_reference))
    return Entered(
        debt_id=due.debt.id,
        debt=due.debt.full_reference,
        person=person,
        strategy=due.strategy.name,
        step=due.step.name,
        trial=trial.name,
        arm=arm.name,
    )


def has_come(due: DueDebt, entered: Entered | None, as_of: date) -> bool:
    """Whether the day has come on which its arm has the step, or of who is in none the step's own."""
    trial = due.strategy.trial_of(due.step, as_of)
    if trial is None or not trial.moves_days or due.since is None:
        return True
    arm = next((arm for arm in trial.arms if entered is not None and arm.name == entered.arm), None)
    day = due.step.day if arm is None or arm.day is None else arm.day
    return due.since + timedelta(days=day - due.step.day) <= as_of


def arm_of(experiment: Experiment, owner: str) -> Arm:
    """The arm of whoever owes first: joint debtors are in one arm, whatever day it is and wherever it is asked."""
    digest = hashlib.sha256(f"{experiment.name}\n{owner}".encode()).digest()
    return experiment.arms[int.from_bytes(digest[:8]) % len(experiment.arms)]


def takes_part(intent: Intent, as_of: date) -> bool:
    """Not at a first contact, nor where anything is new, disputed, held or objected to, or a notice is owed."""
    if intent.step.kind != "collection" or intent.step.needs_handover_decision:
        return False
    told_first = any(each.how in (How.NEW, How.DISPUTED) for each in intent.spoken)
    disputed = any(debt.disputed_on is not None for debt in intent.asked)
    owed = notice_owed(intent.person, intent.asked, as_of)
    return not (told_first or disputed or owed or _is_protected(intent.person, as_of))


def _is_protected(person: PersonFile, as_of: date) -> bool:
    """Whether anything is held of them (care, a dispute …), they objected, or nothing has reached them yet."""
    held = any(hold.holds_on(as_of) for hold in person.holds)
    objects = any(wish.kind == "objection" for wish in person.wishes)
    status = (
        person.bankrupt_on or person.deceased_on or person.cease_received_on or person.breathing_space_until
    )
    return (
        held or objects or status is not None or bool(person.represented_by) or person.is_first_contact(as_of)
    )
