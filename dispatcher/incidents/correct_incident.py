"""Plans what puts an incident right: a reviewed text to everybody concerned, by both gates, outside the house cap."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from channels.kind import ChannelKind
from dispatcher.database.engine import Connection, Database
from dispatcher.gate.decision import Reason
from dispatcher.incidents.domain.incident import KIND, Incident
from dispatcher.incidents.handle_incident import By, IncidentError, incident_of
from dispatcher.incidents.storage import incidents
from dispatcher.incidents.storage.incidents import Concerned
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.people import load_people
from dispatcher.people.storage.people_facts import relations
from dispatcher.planning.decide_reminders import rules_of
from dispatcher.planning.domain.conversation import DueDebt, Intent
from dispatcher.planning.domain.planner import PlannedMessage, plan_intent
from dispatcher.planning.domain.standing import standing
from dispatcher.planning.domain.strategy import Step, Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import plans
from dispatcher.values.message_id import RandomBytes
from dispatcher.writing.language.compiled import CompiledTemplate

_AT_ONCE = 500  # messages looked at together
_NONE = Strategy(name="", steps=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Correcting:
    """What correcting works with; `find` gives the version of a template in force."""

    database: Database
    policy: Policy
    find: Callable[[str], CompiledTemplate | None]
    random_bytes: RandomBytes
    by: By

    @property
    def now(self) -> datetime:
        """The business clock's time."""
        return self.by.now


@dataclass(frozen=True, kw_only=True, slots=True)
class Corrected:
    """How many corrections were planned, and how many messages nothing may put right: those are for a person."""

    planned: int
    left: int


def correct_incident(work: Correcting, key: int, template: str, *, again: bool = False) -> Corrected:
    """Plan a correction for each person concerned; raises IncidentError. Called twice, nobody is told twice.

    `again` tries those anew whom a rule or a fact forbade to tell before.
    """
    incident = incident_of(work.database, key)
    if incident.closed_at is not None:
        raise IncidentError(f"incident {key} is closed")
    compiled = work.find(template)
    if compiled is None:
        raise IncidentError(
            f"template {template!r} has no version in force: have it reviewed and published first"
        )
    if KIND not in compiled.meta.kinds:
        raise IncidentError(f"template {template!r} is not for corrections: its kinds must name {KIND}")
    if again:
        with work.database.writing() as connection:
            incidents.try_again(connection, key)
    planned = left = 0
    while chunk := _next(work.database, key):
        with work.database.writing() as connection:
            told, not_told = _correct(connection, work, incident, compiled, chunk)
        planned, left = planned + told, left + not_told
    with work.database.writing() as connection:
        values = {"template": template, "corrected_by": work.by.actor, "corrected_at": work.now}
        incidents.change(connection, key, values)
        details = {"incident": key, "template": template, "planned": planned, "left": left}
        entry = LogEntry(event=Event.INCIDENT_CORRECTED, at=work.now, actor=work.by.actor, details=details)
        delivery_log.append(connection, [entry])
    return Corrected(planned=planned, left=left)


def _next(database: Database, key: int) -> list[Concerned]:
    with database.reading() as connection:
        return incidents.concerned(connection, key, limit=_AT_ONCE, only_open=True)


def _correct(
    connection: Connection,
    work: Correcting,
    incident: Incident,
    compiled: CompiledTemplate,
    chunk: Sequence[Concerned],
) -> tuple[int, int]:
    """(corrections planned, messages that nothing puts right); all of the chunk is marked, so that the next comes."""
    of_messages = incidents.debts_of(connection, [one.message_id for one in chunk])
    debt_ids = {debt for ids in of_messages.values() for debt in ids}
    people = load_people(connection, {one.recipient_id for one in chunk}, now=work.now)
    debts = load_debts(connection, debt_ids, as_of=work.now.date())
    owed_as = relations(connection, debt_ids)
    counted = plans.occurrences(connection, sorted(debt_ids))
    rules = rules_of(work.policy, work.now.date(), work.now)
    run = plans.RunOfPlan(
        id=None, as_of=work.now.date(), now=work.now, actor=work.by.actor, simulated=False,
        random_bytes=work.random_bytes,
    )  # fmt: skip
    planned = left = 0
    for messages in _by_person_and_currency(chunk, of_messages, debts):
        ids = [one.message_id for one in messages]
        person = people[messages[0].recipient_id]
        mine = {debt: debts[debt] for one in messages for debt in of_messages.get(one.message_id, ())}
        open_debts, against = _open(mine, person, work)
        if not open_debts:
            incidents.cannot(
                connection, incident.id, ids, against or "it spoke of no debt: a person must write"
            )
            left += len(ids)
            continue
        step = _step(incident, compiled, messages[0].channel)
        decided = plan_intent(_intent(person, open_debts, step, owed_as, counted), rules)
        if isinstance(decided, PlannedMessage):
            [correction] = plans.save_planned(connection, run, [decided], on_ladder=False)
            incidents.put_right(connection, incident.id, ids, correction)
            planned += 1
        else:
            plans.save_refused(connection, run, [decided])
            incidents.cannot(connection, incident.id, ids, _said(decided.reasons))
            left += len(ids)
    return planned, left


def _by_person_and_currency(
    chunk: Sequence[Concerned], of_messages: Mapping[str, list[int]], debts: Mapping[int, DebtFile]
) -> list[list[Concerned]]:
    """One correction for all that went wrong with a person in one currency, since a text sums up what it is about."""
    groups: dict[tuple[int, str], list[Concerned]] = defaultdict(list)
    for one in chunk:
        named = [debts[debt] for debt in of_messages.get(one.message_id, ()) if debt in debts]
        groups[one.recipient_id, named[0].balance.currency if named else ""].append(one)
    return list(groups.values())


def _open(mine: Mapping[int, DebtFile], person: PersonFile, work: Correcting) -> tuple[list[DebtFile], str]:
    """Those that may be written about, and why the others may not."""
    reasons = {debt.id: standing(debt, person, None, None, work.now.date()) for debt in mine.values()}
    against = [reason for found in reasons.values() for reason in found]
    return [debt for debt in mine.values() if not reasons[debt.id]], _said(against)


def _intent(
    person: PersonFile,
    debts: Sequence[DebtFile],
    step: Step,
    owed_as: Mapping[tuple[int, int], str],
    counted: Mapping[tuple[int, str, str, int], int],
) -> Intent:
    dues = tuple(
        DueDebt(
            debt=debt,
            step=step,
            strategy=_NONE,
            relation=owed_as.get((debt.id, person.id), "debtor"),
            occurrence=counted.get((debt.id, "", step.name, person.id), 0) + 1,
        )
        for debt in debts
    )
    told = {due.relation for due in dues}
    relation = "debtor" if "debtor" in told else min(told)
    return Intent(person=person, relation=relation, strategy=_NONE, step=step, dues=dues)


def _step(incident: Incident, compiled: CompiledTemplate, first: str) -> Step:
    """By the channel that the wrong message took, else by another that the text is written for."""
    written = sorted(
        {channel for _, channel in compiled.texts}, key=lambda channel: (channel.value != first, channel)
    )
    return Step(
        name=f"correction-{incident.id}",
        kind=KIND,
        day=0,
        channels=tuple(ChannelKind(channel) for channel in written),
        template=compiled.name,
    )


def _said(reasons: Sequence[Reason]) -> str:
    return "; ".join(dict.fromkeys(f"{one.pack}/{one.rule}: {one.detail}" for one in reasons))
