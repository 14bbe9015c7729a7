"""Which arm of an experiment a message is of: by a stable hash of who owes, and never for whom a trial is not fit."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from dispatcher.messages.domain.spoken import How
from dispatcher.people.domain.person import PersonFile
from dispatcher.planning.domain.conversation import Intent
from dispatcher.planning.domain.strategy import Arm, Experiment

Owners = Mapping[int, str]  # who owes a debt first, as `creditor/reference`, by the debt's id


def with_arm(intent: Intent, owners: Owners, as_of: date) -> Intent:
    """The same message as its arm has it; unchanged where no experiment runs, or the person takes no part."""
    running = (each for each in intent.strategy.experiments if each.step == intent.step.name)
    experiment = next((each for each in running if each.runs_on(as_of)), None)
    if experiment is None or not takes_part(intent, as_of):
        return intent
    lead = min(intent.dues, key=lambda due: (due.debt.due_date, due.debt.reference)).debt
    arm = arm_of(experiment, owners.get(lead.id, intent.person.full_reference))
    return replace(intent, step=arm.of(intent.step), arm=f"{experiment.name}: {arm.name}", hours=arm.hours)


def arm_of(experiment: Experiment, owner: str) -> Arm:
    """The arm of whoever owes first: joint debtors are in one arm, whatever day it is and wherever it is asked."""
    digest = hashlib.sha256(f"{experiment.name}\n{owner}".encode()).digest()
    return experiment.arms[int.from_bytes(digest[:8]) % len(experiment.arms)]


def takes_part(intent: Intent, as_of: date) -> bool:
    """Not at a first contact, nor where anything is new, disputed, held or objected to."""
    if intent.step.kind != "collection" or intent.step.needs_handover_decision:
        return False
    told_first = any(each.how in (How.NEW, How.DISPUTED) for each in intent.spoken)
    disputed = any(debt.disputed_on is not None for debt in intent.asked)
    return not (told_first or disputed or _is_protected(intent.person, as_of))


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
