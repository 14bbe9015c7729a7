"""Says what would go out in the next days, climbing the ladders in memory; nothing is stored."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from dispatcher.database.engine import Database
from dispatcher.gate.decision import Outcome
from dispatcher.gate.facts import HistoryEntry
from dispatcher.people.domain.person import DebtFile
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.planning.begin_rounds import find_rounds
from dispatcher.planning.decide_reminders import decide, rules_of
from dispatcher.planning.domain.capacity import DAY_FULL, Room
from dispatcher.planning.domain.ladder import Rung, due_step, ends_on, next_day, round_rung
from dispatcher.planning.domain.plan_summary import Decided, outcome_of, reasons_of
from dispatcher.planning.domain.planner import PlannedMessage, RefusedIntent, as_history
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage.candidates import Candidate, count_open, find_candidates
from dispatcher.planning.storage.ended_ladders import rounds_of

LOOKED_AT = 10_000  # open debts: some five seconds for a month on one core
ASSUMES = (
    "Every message goes out on its day, calls reach nobody, the packs, strategies and ledger stay as they are, and "
    "nobody pays, promises, disputes or opts out."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastRequest:
    """`days` days from `as_of` on, each run at the hour of `now`; `debtor_ids`: of these people alone."""

    as_of: date
    now: datetime
    days: int
    only: str | None = None
    debtor_ids: tuple[int, ...] = ()
    one_in: int = 1  # of so many humans one is looked at, and what comes of it counts so often


@dataclass(slots=True)
class Forecast:
    """Messages by the day they go out on, channel and step; what keeps one back by its day, decision and first rule.

    `one_in`: the counts are that many times what a sample of people gave.
    """

    going: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    kept_back: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    one_in: int = 1

    def margin(self, count: int) -> int:
        """By how much a count may be off, either way, in 95 of 100 cases; 0 where everybody was looked at."""
        return math.ceil(1.96 * math.sqrt(count * (self.one_in - 1)))


Beside = Callable[[date, datetime, Sequence[Decided], Forecast], None]
"""A day, its moment, what its run decided, and the forecast to add to."""


def sample_for(database: Database, as_of: date, looked_at: int = LOOKED_AT) -> int:
    """Of how many people one has to be looked at so that it comes to so many open debts; 1: everybody."""
    with database.reading() as connection:
        return max(1, math.ceil(count_open(connection, as_of) / looked_at))


def forecast_table(forecast: Forecast) -> Iterator[list[str]]:
    """The forecast as lines of cells, the heading first; what is kept back under its decision and rule."""
    yield ["day", "channel", "step", "decision", "rule", "count", "may_be_off_by"]
    for (day, channel, step), count in sorted(forecast.going.items()):
        yield [day.isoformat(), channel, step, "goes", "", str(count), str(forecast.margin(count))]
    for (day, decision, rule), count in sorted(forecast.kept_back.items()):
        yield [day.isoformat(), "", "", decision, rule, str(count), str(forecast.margin(count))]


@dataclass(frozen=True, slots=True)
class _Climb:
    """Where the forecast has brought a debt with one recipient; `rounds` that it began for it."""

    debt: DebtFile
    relation: str
    strategy: Strategy
    rung: Rung
    rounds: int = 0


@dataclass(slots=True)
class _Climbs:
    """Where the forecast has brought each debt with each recipient, and on which day each must be looked at again."""

    of: dict[tuple[int, int], _Climb] = field(default_factory=dict)
    comes: dict[date, set[tuple[int, int]]] = field(default_factory=lambda: defaultdict(set))
    waiting: set[tuple[int, int]] = field(
        default_factory=set
    )  # whose day has come, and that have not gone on yet

    def climb(self, key: tuple[int, int], climb: _Climb, day: date) -> None:
        """Go on to a step, and note when the next one comes, or another round."""
        self.of[key] = climb
        self.waiting.discard(key)
        following = next_day(climb.strategy, climb.debt.due_date, climb.rung)
        ends = ends_on(climb.strategy, climb.rung) if climb.strategy.ending.rounds else None
        for comes in (following, ends):
            if comes is not None:
                self.comes[max(comes, day + timedelta(days=1))].add(key)

    def begin_round(self, key: tuple[int, int], climb: _Climb) -> None:
        """Stand on the rung of another round, whose first step is due from now on."""
        self.of[key] = climb
        self.waiting.add(key)

    def ended(self, day: date) -> Iterator[tuple[int, int]]:
        """Those that may begin another round."""
        self.waiting |= self.comes.pop(day, set())
        for key in self.waiting:
            climb = self.of[key]
            ends = ends_on(climb.strategy, climb.rung) if climb.strategy.ending.rounds else None
            if ends is not None and ends <= day:
                yield key

    def due(self, day: date) -> Iterator[Candidate]:
        """Those that have come to a step, the same order every time."""
        self.waiting |= self.comes.pop(day, set())
        for key in sorted(self.waiting):
            climb = self.of[key]
            is_open = climb.debt.is_open(day)
            step = due_step(climb.strategy, climb.debt.due_date, climb.rung, day) if is_open else None
            if step is not None:
                yield Candidate(*key, climb.relation, climb.strategy, step, climb.rung)


def forecast_days(
    database: Database,
    desk: Policy,
    request: ForecastRequest,
    *,
    on_day: Callable[[int, int], None] = lambda _done, _of: None,
    beside: Beside | None = None,
) -> Forecast:
    """Decide day after day as the planner does, taking each message that may go for sent.

    `beside` adds what else comes on a day.
    """
    forecast = Forecast(one_in=request.one_in)
    for i, (day, now, decided) in enumerate(predict_days(database, desk, request), 1):
        for each in decided:
            _count(each, forecast, day, now)
        if beside is not None:
            beside(day, now, decided, forecast)
        on_day(i, request.days)
    last = request.as_of + timedelta(days=request.days - 1)
    seen = {key: count for key, count in forecast.going.items() if key[0] <= last}
    forecast.going = Counter({key: count * request.one_in for key, count in seen.items()})
    forecast.kept_back = Counter({key: count * request.one_in for key, count in forecast.kept_back.items()})
    return forecast


def predict_days(
    database: Database, policy: Policy, request: ForecastRequest
) -> Iterator[tuple[date, datetime, list[Decided]]]:
    """Each day with what its run would decide, taking every message that may go for sent on its day."""
    climbs = _Climbs()
    put_off: Counter[tuple[int, int]] = Counter()
    history: dict[int, list[HistoryEntry]] = defaultdict(list)
    room = _room(policy, request)
    for i in range(request.days):
        day, now = request.as_of + timedelta(days=i), request.now + timedelta(days=i)
        _begin_rounds(database, policy, day, request, climbs)
        due = [*_due_by_the_book(database, policy, day, request, climbs), *climbs.due(day)]
        told = {key: climb.rung.fired_on for key, climb in climbs.of.items() if climb.rung.day > 0}
        decided: list[Decided] = []
        rules = rules_of(policy, day, now)
        if room is not None:
            rules = replace(rules, room=room)
        for chunk in decide(database, due, rules, earlier=history, told=told, put_off=put_off):
            decided += chunk
        put_off.update(_put_off(decided))
        for each in decided:
            _climb(each, climbs, history, day, now)
        yield day, now, decided


def _room(policy: Policy, request: ForecastRequest) -> Room | None:
    """What each day holds, of a sample its part; what one person gets is told without it."""
    if not policy.capacity or request.debtor_ids:
        return None
    return Room(capacity={name: most // request.one_in for name, most in policy.capacity.items()})


def _put_off(decided: Sequence[Decided]) -> Iterator[tuple[int, int]]:
    for each in decided:
        if isinstance(each, RefusedIntent) and any(reason.rule == DAY_FULL for reason in each.reasons):
            for due in each.intent.dues:
                yield due.debt.id, each.intent.person.id


def _begin_rounds(
    database: Database, policy: Policy, day: date, request: ForecastRequest, climbs: _Climbs
) -> None:
    """As the run of the day does before it plans: of ladders on file, and of those that the forecast has climbed."""
    if not any(strategy.ending.rounds for strategy in policy.strategies):
        return
    with database.reading() as connection:
        again = [
            one
            for one in find_rounds(
                connection,
                policy.strategies,
                day,
                segments=policy.segments,
                only=request.only,
                debtor_ids=request.debtor_ids,
                one_in=request.one_in,
            )
            if (one.ended.debt_id, one.ended.recipient_id) not in climbs.of
        ]
        files = load_debts(connection, {one.ended.debt_id for one in again}, as_of=day)
        ended = sorted(climbs.ended(day))
        rounds = rounds_of(connection, ended, day)
    for of, strategy, rung in again:
        climb = _Climb(files[of.debt_id], of.relation, strategy, rung, rounds=1)
        climbs.begin_round((of.debt_id, of.recipient_id), climb)
    for key in ended:
        climb = climbs.of[key]
        stands = round_rung(climb.strategy, day)
        if stands and key in rounds and rounds[key] + climb.rounds < climb.strategy.ending.rounds:
            climbs.begin_round(key, replace(climb, rung=stands, rounds=climb.rounds + 1))


def _due_by_the_book(
    database: Database, policy: Policy, day: date, request: ForecastRequest, climbs: _Climbs
) -> Iterator[Candidate]:
    with database.reading() as connection:
        for debtor_id in request.debtor_ids or (None,):
            for candidate in find_candidates(
                connection,
                policy.strategies,
                day,
                only=request.only,
                debtor_id=debtor_id,
                segments=policy.segments,
                one_in=request.one_in,
            ):
                if (candidate.debt_id, candidate.recipient_id) not in climbs.of:
                    yield candidate


def _count(decided: Decided, forecast: Forecast, day: date, now: datetime) -> None:
    outcome = outcome_of(decided)
    if not isinstance(decided, PlannedMessage) or outcome is Outcome.HOLD:
        rule = next((f"{reason.pack}/{reason.rule}" for reason in reasons_of(decided)), "")
        forecast.kept_back[day, outcome.value, rule] += 1
        return
    goes_on = day + ((decided.not_before or now).date() - now.date())
    forecast.going[goes_on, decided.channel.value, decided.intent.step.name] += 1


def _climb(
    decided: Decided, climbs: _Climbs, history: dict[int, list[HistoryEntry]], day: date, now: datetime
) -> None:
    if not isinstance(decided, PlannedMessage):
        return
    intent = decided.intent
    for due in intent.dues:
        rung = Rung(step=due.step.name, day=due.step.day, fired_on=day)
        key = (due.debt.id, intent.person.id)
        rounds = climbs.of[key].rounds if key in climbs.of else 0
        climbs.climb(key, _Climb(due.debt, due.relation, due.strategy, rung, rounds), day)
    if outcome_of(decided) is not Outcome.HOLD:
        history[intent.person.id].append(as_history(decided, decided.not_before or now))
