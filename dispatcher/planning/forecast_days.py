"""Says what would go out in the next days, climbing the ladders in memory; nothing is stored."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dispatcher.database.engine import Database
from dispatcher.gate.decision import Outcome
from dispatcher.gate.facts import HistoryEntry
from dispatcher.people.domain.person import DebtFile
from dispatcher.planning.decide_reminders import decide, rules_of
from dispatcher.planning.domain.ladder import Rung, due_step
from dispatcher.planning.domain.plan_summary import Decided, outcome_of
from dispatcher.planning.domain.planner import PlannedMessage, as_history
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage.candidates import Candidate, find_candidates

ASSUMES = (
    "Every message goes out on its day, the packs, strategies and ledger stay as they are, and nobody pays, "
    "promises, disputes or opts out."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastRequest:
    """`days` days from `as_of` on, each run at the hour of `now`; `debtor_ids`: of these people alone."""

    as_of: date
    now: datetime
    days: int
    only: str | None = None
    debtor_ids: tuple[int, ...] = ()


@dataclass(slots=True)
class Forecast:
    """Messages by the day they go out on, channel and step; decisions that keep one back by the day they are made."""

    going: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    kept_back: Counter[tuple[date, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Climb:
    """Where the forecast has brought a debt with one recipient."""

    debt: DebtFile
    relation: str
    strategy: Strategy
    rung: Rung


_Climbs = dict[tuple[int, int], _Climb]  # by debt and recipient


def forecast_days(
    database: Database,
    desk: Policy,
    request: ForecastRequest,
    *,
    on_day: Callable[[int, int], None] = lambda _done, _of: None,
) -> Forecast:
    """Decide day after day as the planner does, taking each message that may go for sent."""
    forecast = Forecast()
    for i, (day, now, decided) in enumerate(predict_days(database, desk, request), 1):
        for each in decided:
            _count(each, forecast, day, now)
        on_day(i, request.days)
    last = request.as_of + timedelta(days=request.days - 1)
    forecast.going = Counter({key: count for key, count in forecast.going.items() if key[0] <= last})
    return forecast


def predict_days(
    database: Database, policy: Policy, request: ForecastRequest
) -> Iterator[tuple[date, datetime, list[Decided]]]:
    """Each day with what its run would decide, taking every message that may go for sent on its day."""
    climbs = _Climbs()
    history: dict[int, list[HistoryEntry]] = defaultdict(list)
    for i in range(request.days):
        day, now = request.as_of + timedelta(days=i), request.now + timedelta(days=i)
        due = [*_due_by_the_book(database, policy, day, request, climbs), *_due_by_the_forecast(climbs, day)]
        told = {key: climb.rung.fired_on for key, climb in climbs.items() if climb.rung.day > 0}
        decided: list[Decided] = []
        for chunk in decide(database, due, rules_of(policy, day, now), earlier=history, told=told):
            decided += chunk
        for each in decided:
            _climb(each, climbs, history, day, now)
        yield day, now, decided


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
            ):
                if (candidate.debt_id, candidate.recipient_id) not in climbs:
                    yield candidate


def _due_by_the_forecast(climbs: _Climbs, day: date) -> Iterator[Candidate]:
    for (debt_id, recipient_id), climb in climbs.items():
        step = (
            due_step(climb.strategy, climb.debt.due_date, climb.rung, day)
            if climb.debt.is_open(day)
            else None
        )
        if step is not None:
            yield Candidate(debt_id, recipient_id, climb.relation, climb.strategy, step, climb.rung)


def _count(decided: Decided, forecast: Forecast, day: date, now: datetime) -> None:
    outcome = outcome_of(decided)
    if not isinstance(decided, PlannedMessage) or outcome is Outcome.HOLD:
        forecast.kept_back[day, outcome.value] += 1
        return
    goes_on = day + ((decided.decision.not_before or now).date() - now.date())
    forecast.going[goes_on, decided.channel.value, decided.intent.step.name] += 1


def _climb(
    decided: Decided, climbs: _Climbs, history: dict[int, list[HistoryEntry]], day: date, now: datetime
) -> None:
    if not isinstance(decided, PlannedMessage):
        return
    intent = decided.intent
    for due in intent.dues:
        rung = Rung(step=due.step.name, day=due.step.day, fired_on=day)
        climbs[due.debt.id, intent.person.id] = _Climb(due.debt, due.relation, due.strategy, rung)
    if outcome_of(decided) is not Outcome.HOLD:
        history[intent.person.id].append(as_history(decided, decided.decision.not_before or now))
