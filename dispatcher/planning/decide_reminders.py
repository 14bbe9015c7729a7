"""Decides a day: finds what is due, loads the files of the people concerned, asks the gate; stores nothing."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from dispatcher.database.engine import Connection, Database
from dispatcher.gate.decision import Outcome, Reason
from dispatcher.gate.facts import HistoryEntry
from dispatcher.messages.domain.spoken import How
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.humans import humans_of
from dispatcher.people.storage.people import load_people
from dispatcher.people.storage.told import came_back, first_sent, waiting_messages
from dispatcher.planning.begin_rounds import find_rounds
from dispatcher.planning.domain.capacity import Room, turns
from dispatcher.planning.domain.conversation import DueDebt, Intent, Mention, group_dues, in_order
from dispatcher.planning.domain.experiments import Entered, Owners, arm_in_days, has_come, with_arm
from dispatcher.planning.domain.intended import zones_of
from dispatcher.planning.domain.ladder import comes_on, due_step
from dispatcher.planning.domain.plan_summary import Decided
from dispatcher.planning.domain.planner import (
    PlannedMessage,
    PlanningRules,
    RefusedIntent,
    as_history,
    at_its_hour,
    plan_conversation,
    stays_out,
    within_room,
)
from dispatcher.planning.domain.standing import standing
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage import given_up, plans
from dispatcher.planning.storage.candidates import Candidate, Owed, find_candidates, find_owed, owners_of
from dispatcher.planning.storage.ladder import on_the_ladder
from dispatcher.planning.storage.turns import PutOff, at_risk, taken_on
from dispatcher.treatment.find_segments import with_segments
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
    paused: Mapping[str, timedelta] = field(
        default_factory=dict
    )  # channel -> for how long its provider has failed


def decide_all(
    database: Database,
    desk: Policy,
    request: PlanRequest,
    *,
    progress: Progress | None = None,
    entered: list[Entered] | None = None,
) -> Iterator[list[Decided]]:
    """Decisions, some hundred people at a time, in order of the recipients' ids.

    `entered`: where who has come into a trial whose arms move days is written, beside what is yielded.
    """
    with database.reading() as connection:
        found = _due_on(connection, desk, request)
    rules = replace(rules_of(desk, request.as_of, request.now), paused=request.paused, entered=entered)
    if desk.capacity:
        with database.reading() as connection:
            rules = replace(
                rules, room=Room(capacity=desk.capacity, taken=taken_on(connection, request.as_of))
            )
    yield from decide(database, found, rules, progress=progress)


def _due_on(connection: Connection, desk: Policy, request: PlanRequest) -> list[Candidate]:
    """What has come to a step on the day; where a run has not stored the rounds that begin on it, with those."""
    due = {
        (candidate.debt_id, candidate.recipient_id, candidate.relation): candidate
        for candidate in find_candidates(
            connection,
            desk.strategies,
            request.as_of,
            only=request.only,
            debtor_id=request.debtor_id,
            without=request.without,
            segments=desk.segments,
        )
    }
    again = find_rounds(
        connection,
        desk.strategies,
        request.as_of,
        segments=desk.segments,
        only=request.only,
        debtor_ids=() if request.debtor_id is None else (request.debtor_id,),
        without=request.without,
    )
    for ended, strategy, rung in again:
        key = ended.debt_id, ended.recipient_id, ended.relation
        due.pop(key, None)  # a last step that waits for a decision
        step = due_step(strategy, ended.due_date, rung, request.as_of)
        if step is not None:
            due[key] = Candidate(*key, strategy, step, rung)
    return list(due.values())


def rules_of(desk: Policy, as_of: date, now: datetime) -> PlanningRules:
    """What the planner asks, on a day at an instant."""

    def own_first_contact(person: PersonFile, debt: DebtFile) -> bool:
        return any(pack.own_first_contact for pack in desk.packs_of(person, [debt], now.date()))

    def names_disputed(person: PersonFile, debt: DebtFile) -> bool:
        said = {pack.names_disputed for pack in desk.packs_of(person, [debt], now.date())}
        return True in said and False not in said

    return PlanningRules(
        judge=desk.judge,
        places=desk.places,
        senders=desk.senders,
        as_of=as_of,
        now=now,
        own_first_contact=own_first_contact,
        names_disputed=names_disputed,
        strategies=desk.strategies,
        segments=desk.segments,
        scorecard=desk.scorecard,
        timing=desk.timing,
    )


def decide(
    database: Database,
    candidates: Iterable[Candidate],
    rules: PlanningRules,
    *,
    earlier: Earlier | None = None,
    told: Mapping[tuple[int, int], date] | None = None,
    put_off: PutOff | None = None,
    progress: Progress | None = None,
) -> Iterator[list[Decided]]:
    """Decisions about candidates; one human's are in one chunk, and a message counts for the next.

    A forecast says what is not on file: `earlier` contacts, by debt and recipient when it was `told` of, and what it
    put off. Where a day holds only so much, whose turn comes first is decided first.
    """
    found = list(candidates)
    with database.reading() as connection:
        humans = humans_of(connection, {c.recipient_id for c in found})
        rules = replace(rules, given_up=given_up.read(connection, rules.as_of))

    def human(candidate: Candidate) -> int:
        return humans.get(candidate.recipient_id, candidate.recipient_id)

    found.sort(key=lambda c: (human(c), c.recipient_id, c.strategy.name, c.debt_id))
    if rules.room is not None:
        with database.reading() as connection:
            due = at_risk(connection, found, humans, rules.as_of, card=rules.scorecard, put_off=put_off)
        key = turns(due)
        found.sort(key=lambda c: key[human(c)])  # stable: one human's stay together, in their order
    done = 0
    for chunk in _chunks(found, human):
        yield _decide_chunk(database, chunk, rules, earlier or {}, told or {})
        done += len(chunk)
        if progress:
            progress(done, len(found))


def _decide_chunk(
    database: Database,
    candidates: Sequence[Candidate],
    rules: PlanningRules,
    earlier: Earlier,
    told: Mapping[tuple[int, int], date],
) -> list[Decided]:
    ids = {c.recipient_id for c in candidates}
    joining = {c.recipient_id for c in candidates if c.strategy.joins() and not c.step.is_courtesy}
    with database.reading() as connection:
        people = load_people(connection, ids, now=rules.now)
        owed = list(find_owed(connection, rules.strategies, rules.as_of, joining, rules.segments))
        debt_ids = {c.debt_id for c in candidates} | {o.debt_id for o in owed}
        files = Files(
            debts=with_segments(
                connection,
                load_debts(connection, debt_ids, as_of=rules.as_of),
                rules.segments,
                rules.as_of,
            ),
            times=plans.occurrences(connection, sorted(debt_ids)),
            first_sent={**told, **first_sent(connection, debt_ids)},
            waiting=waiting_messages(connection, _all_records(people), now=rules.now),
            on_the_ladder=on_the_ladder(connection, debt_ids),
            owners=owners_of(connection, debt_ids) if _tries_something(rules) else {},
            came_back=came_back(connection, debt_ids),
        )
    others: dict[int, list[Owed]] = defaultdict(list)
    for each in owed:
        others[each.recipient_id].append(each)
    decided: list[Decided] = []
    turns: dict[int, list[Intent]] = defaultdict(list)  # by the oldest of a human's records
    for debtor_id, mine in groupby(candidates, key=lambda c: c.recipient_id):
        person = people[debtor_id]
        intents, refused = _intents(person, list(mine), others[debtor_id], files, rules)
        decided += refused
        turns[min(_all_records({debtor_id: person}))] += intents
    for intents in turns.values():
        records = _all_records({intent.person.id: intent.person for intent in intents})
        before = {key: (*earlier.get(key, ()), *files.waiting.get(key, ())) for key in records}
        decided += _in_turn(intents, rules, before, files.owners)
    return decided


def _tries_something(rules: PlanningRules) -> bool:
    return any(one.runs_on(rules.as_of) for strategy in rules.strategies for one in strategy.experiments)


def _all_records(people: Mapping[int, PersonFile]) -> set[int]:
    """These people's records, and the same humans' under other creditors."""
    return set(people).union(*({record.id for record in person.elsewhere} for person in people.values()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """What is on file of the debts of a chunk. `times`: by debt, strategy, step and recipient."""

    debts: Mapping[int, DebtFile]
    times: Mapping[tuple[int, str, str, int], int]
    first_sent: Mapping[tuple[int, int], date]
    waiting: Mapping[int, Sequence[HistoryEntry]]
    on_the_ladder: Collection[tuple[int, int]]
    owners: Owners
    came_back: Collection[tuple[int, int]]


def _intents(
    person: PersonFile,
    candidates: Sequence[Candidate],
    owed: Sequence[Owed],
    files: Files,
    rules: PlanningRules,
) -> tuple[list[Intent], list[Decided]]:
    """The messages that are due to a person from one creditor, and what stays out of them."""
    dues, refused = _dues(person, candidates, files, rules)
    mentions = _mentions(person, owed, {due.debt.id for due in dues if _fills_the_table(due)}, files, rules)
    apart = any(due.how is How.NEW and rules.own_first_contact(person, due.debt) for due in dues)
    return group_dues(person, dues, mentions, own_first_contact=apart), refused


def _in_turn(
    intents: Iterable[Intent],
    rules: PlanningRules,
    before: Mapping[int, Sequence[HistoryEntry]],
    owners: Owners,
) -> Iterator[Decided]:
    """One message after the other, whoever the creditor: each counts as a contact for the same human's next."""
    made = {key: list(entries) for key, entries in before.items()}
    for plain in in_order(intents, rules.as_of):
        intent, person = with_arm(plain, owners, rules.as_of), plain.person
        if intent is None:
            continue
        answers = plan_conversation(replace(intent, person=person.after(made)), rules, made[person.id])
        for outcome in (within_room(at_its_hour(each, rules, made[person.id]), rules) for each in answers):
            yield outcome
            if isinstance(outcome, PlannedMessage) and outcome.decision.outcome is not Outcome.HOLD:
                made[person.id].append(as_history(outcome, rules.now))


def _dues(
    person: PersonFile, candidates: Sequence[Candidate], files: Files, rules: PlanningRules
) -> tuple[list[DueDebt], list[Decided]]:
    """The debts that may be asked for at their steps; those that stay out are refusals of their own."""
    dues: list[DueDebt] = []
    refused: list[Decided] = []
    for candidate in candidates:
        due = _due(person, candidate, files)
        entered = arm_in_days(due, person, files.owners, rules.as_of)
        if entered is not None and rules.entered is not None:
            rules.entered.append(entered)
        if not has_come(due, entered, rules.as_of):
            continue
        reasons = stays_out(due, person, rules.as_of)
        if reasons:
            refused.append(_refused(person, due, reasons, rules.places))
        else:
            dues.append(due)
    return dues, refused


def _due(person: PersonFile, candidate: Candidate, files: Files) -> DueDebt:
    strategy, step = candidate.strategy, candidate.step
    debt = files.debts[candidate.debt_id]
    is_new = not step.is_courtesy and (debt.id, person.id) not in files.first_sent
    if is_new and (debt.id, person.id) in files.came_back:
        step = strategy.first_contact or step  # what was never received was not said
    return DueDebt(
        debt=debt,
        step=step,
        strategy=strategy,
        relation=candidate.relation,
        occurrence=files.times.get((debt.id, strategy.name, step.name, person.id), 0) + 1,
        how=How.NEW if is_new else How.LISTED if step == strategy.first_contact else How.DUE,
        since=comes_on(strategy, step, debt.due_date, candidate.rung),
    )


def _fills_the_table(due: DueDebt) -> bool:
    """Whether it takes its place in a plain reminder as due; a final notice or a notice of law goes by itself."""
    plain = due.step.kind == "collection" and not due.step.needs_handover_decision
    return plain or due.how is How.NEW


def _mentions(
    person: PersonFile, owed: Sequence[Owed], due: Collection[int], files: Files, rules: PlanningRules
) -> list[Mention]:
    """What the person owes besides and may be asked for too; disputed debts only where the packs allow to name them."""
    found = []
    for each in owed:
        debt = files.debts[each.debt_id]
        if debt.id in due:
            continue
        how = _how(person, debt, each.strategy, files, rules)
        if how is not None:
            times = files.times.get((debt.id, each.strategy.name, "", person.id), 0)
            found.append(
                Mention(
                    debt=debt, how=how, strategy=each.strategy, relation=each.relation, occurrence=times + 1
                )
            )
    return found


def _how(
    person: PersonFile, debt: DebtFile, strategy: Strategy, files: Files, rules: PlanningRules
) -> How | None:
    against = standing(debt, person, None, strategy, rules.as_of)
    if against:
        only_disputed = {reason.rule for reason in against} == {"disputed"}
        return How.DISPUTED if only_disputed and rules.names_disputed(person, debt) else None
    if (debt.id, person.id) in files.first_sent:
        return How.LISTED
    return None if (debt.id, person.id) in files.on_the_ladder else How.NEW  # its first message is on its way


def _refused(
    person: PersonFile, due: DueDebt, reasons: tuple[Reason, ...], places: PlaceTable
) -> RefusedIntent:
    intent = Intent(person=person, relation=due.relation, strategy=due.strategy, step=due.step, dues=(due,))
    worst = max((reason.outcome for reason in reasons), key=lambda outcome: outcome.precedence)
    zones = zones_of(person, None, places)
    return RefusedIntent(intent=intent, outcome=worst, reasons=reasons, zones=zones)


def _chunks(candidates: Sequence[Candidate], human: Callable[[Candidate], int]) -> Iterator[list[Candidate]]:
    """Chunks of CHUNK people; one human's candidates are never parted."""
    chunk: list[Candidate] = []
    people = 0
    for _, group in groupby(candidates, key=human):
        chunk += group
        people += 1
        if people == CHUNK:
            yield chunk
            chunk, people = [], 0
    if chunk:
        yield chunk
