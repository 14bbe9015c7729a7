"""Decides a day: finds what is due, loads the files of the people concerned, asks the gate; stores nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from dispatcher.database.engine import Database
from dispatcher.gate.decision import Outcome, Reason
from dispatcher.gate.facts import HistoryEntry
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.storage.people import load_debts, load_people
from dispatcher.planning.domain.contact import zones_of
from dispatcher.planning.domain.plan_summary import Decided
from dispatcher.planning.domain.planner import (
    DueDebt,
    Intent,
    PlannedMessage,
    PlanningRules,
    RefusedIntent,
    as_history,
    group_dues,
    plan_intent,
    stays_out,
)
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import plans
from dispatcher.planning.storage.candidates import Candidate, find_candidates
from dispatcher.values.message_id import RandomBytes
from dispatcher.values.whereabouts import PlaceTable

CHUNK = 1000  # people whose files are loaded, judged and stored together

Progress = Callable[[int, int], None]  # done, of
Earlier = Mapping[int, Sequence[HistoryEntry]]  # by person: contacts that are not on file


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanRequest:
    """What to plan, and with which time and chance."""

    as_of: date
    now: datetime
    real_now: datetime
    actor: str
    random_bytes: RandomBytes
    mode: str = "live"
    only: str | None = None
    debtor_id: int | None = None
    without: tuple[str, ...] = ()  # creditors whose ledger is too old


def decide_all(
    database: Database, desk: Policy, request: PlanRequest, *, progress: Progress | None = None
) -> Iterator[list[Decided]]:
    """Decisions, some hundred people at a time, in order of the recipients' ids."""
    with database.reading() as connection:
        found = list(
            find_candidates(
                connection,
                desk.strategies,
                request.as_of,
                only=request.only,
                debtor_id=request.debtor_id,
                without=request.without,
            )
        )
    yield from decide(database, found, rules_of(desk, request.as_of, request.now), progress=progress)


def rules_of(desk: Policy, as_of: date, now: datetime) -> PlanningRules:
    """What the planner asks, on a day at an instant."""
    return PlanningRules(judge=desk.judge, places=desk.places, senders=desk.senders, as_of=as_of, now=now)


def decide(
    database: Database,
    candidates: Iterable[Candidate],
    rules: PlanningRules,
    *,
    earlier: Earlier | None = None,
    progress: Progress | None = None,
) -> Iterator[list[Decided]]:
    """Decisions about candidates; one person's are in one chunk, and a message counts for the next."""
    found = sorted(candidates, key=lambda c: (c.recipient_id, c.strategy.name, c.debt_id))
    done = 0
    for chunk in _chunks(found):
        yield _decide_chunk(database, chunk, rules, earlier or {})
        done += len(chunk)
        if progress:
            progress(done, len(found))


def _decide_chunk(
    database: Database, candidates: Sequence[Candidate], rules: PlanningRules, earlier: Earlier
) -> list[Decided]:
    with database.reading() as connection:
        people = load_people(connection, {c.recipient_id for c in candidates}, now=rules.now)
        debts = load_debts(connection, {c.debt_id for c in candidates}, as_of=rules.as_of)
        counted = plans.occurrences(connection, sorted(debts))
    decided: list[Decided] = []
    for debtor_id, mine in groupby(candidates, key=lambda c: c.recipient_id):
        before = earlier.get(debtor_id, ())
        decided += _decide_person(people[debtor_id], list(mine), debts, counted, rules, before)
    return decided


def _decide_person(
    person: PersonFile,
    candidates: Sequence[Candidate],
    debts: Mapping[int, DebtFile],
    counted: Mapping[tuple[int, str, str, int], int],
    rules: PlanningRules,
    before: Sequence[HistoryEntry],
) -> list[Decided]:
    decided: list[Decided] = []
    earlier = list(before)
    for intent in _intents(person, candidates, debts, counted, rules, decided):
        outcome = plan_intent(intent, rules, earlier)
        decided.append(outcome)
        if isinstance(outcome, PlannedMessage) and outcome.decision.outcome is not Outcome.HOLD:
            earlier.append(as_history(outcome, rules.now))
    return decided


def _intents(
    person: PersonFile,
    candidates: Sequence[Candidate],
    debts: Mapping[int, DebtFile],
    counted: Mapping[tuple[int, str, str, int], int],
    rules: PlanningRules,
    refused: list[Decided],
) -> Iterator[Intent]:
    """Intents of one person; debts that stay out become refusals of their own."""
    by_strategy: dict[str, list[DueDebt]] = defaultdict(list)
    strategies = {candidate.strategy.name: candidate.strategy for candidate in candidates}
    for candidate in candidates:
        strategy, step = candidate.strategy, candidate.step
        times = counted.get((candidate.debt_id, strategy.name, step.name, person.id), 0)
        debt = debts[candidate.debt_id]
        due = DueDebt(debt=debt, step=step, relation=candidate.relation, occurrence=times + 1)
        reasons = stays_out(due, person, strategy, rules.as_of)
        if reasons:
            refused.append(_refused(person, strategy, due, reasons, rules.places))
        else:
            by_strategy[strategy.name].append(due)
    for name, dues in by_strategy.items():
        yield from group_dues(person, strategies[name], dues)


def _refused(
    person: PersonFile, strategy: Strategy, due: DueDebt, reasons: tuple[Reason, ...], places: PlaceTable
) -> RefusedIntent:
    intent = Intent(person=person, relation=due.relation, strategy=strategy, step=due.step, dues=(due,))
    worst = max((reason.outcome for reason in reasons), key=lambda outcome: outcome.precedence)
    zones = zones_of(person, None, places)
    return RefusedIntent(intent=intent, outcome=worst, reasons=reasons, zones=zones)


def _chunks(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Chunks of CHUNK people; one person's candidates are never parted."""
    chunk: list[Candidate] = []
    people = 0
    for _, group in groupby(candidates, key=lambda c: c.recipient_id):
        chunk += group
        people += 1
        if people == CHUNK:
            yield chunk
            chunk, people = [], 0
    if chunk:
        yield chunk
