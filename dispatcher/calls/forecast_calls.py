"""Looks ahead with the calls: how many a day would hold and put off, beside the messages; nothing is stored."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from channels.kind import CallKind
from dispatcher.calls.judge_call import gather
from dispatcher.calls.plan_calls import DuePerson, callable_at
from dispatcher.calls.storage import calls, coming_calls
from dispatcher.calls.storage.calls import DueCall
from dispatcher.database.engine import Database
from dispatcher.gate.decision import Outcome
from dispatcher.planning.domain.capacity import DAY_FULL, turns
from dispatcher.planning.domain.ladder import Rung, call_comes_on
from dispatcher.planning.domain.plan_summary import Decided
from dispatcher.planning.domain.planner import PlannedMessage
from dispatcher.planning.domain.strategy import CallStep, Strategy
from dispatcher.planning.forecast_days import Forecast, ForecastRequest, forecast_days
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage.candidates import Candidate
from dispatcher.planning.storage.turns import at_risk, put_off_days

CALL = CallKind.CALL.value
_CHUNK = 500  # people whose files are loaded together


def forecast_with_calls(
    database: Database,
    policy: Policy,
    request: ForecastRequest,
    *,
    on_day: Callable[[int, int], None] = lambda _done, _of: None,
) -> Forecast:
    """The forecast of messages, with each call on its day; it assumes that calls reach nobody."""
    ahead = _CallsAhead(database, policy, request)
    return forecast_days(database, policy, request, on_day=on_day, beside=ahead.count)


@dataclass(slots=True)
class _CallsAhead:
    """Whose call comes when, by the ladders on file and as the forecast climbs them."""

    database: Database
    policy: Policy
    request: ForecastRequest
    ladders: dict[tuple[int, int], tuple[Strategy, date, Rung]] = field(default_factory=dict)
    had: set[tuple[int, str]] = field(default_factory=set)  # debt and step whose call is made or waits
    comes: dict[date, set[tuple[int, int, str]]] = field(default_factory=lambda: defaultdict(set))
    waiting: set[tuple[int, int, str]] = field(default_factory=set)
    put_off: Counter[tuple[int, int]] = field(default_factory=Counter)

    def count(self, day: date, now: datetime, decided: Sequence[Decided], forecast: Forecast) -> None:
        """Add a day's calls, behind what its run decided."""
        if not any(strategy.calls for strategy in self.policy.strategies):
            return
        if day == self.request.as_of:
            self._begin()
        self._climb(day, decided)
        self.waiting |= self.comes.pop(day, set())
        left = self._left(day)
        due = self._in_order(list(self._due(day)), day, limited=left is not None)
        for chunk in (due[i : i + _CHUNK] for i in range(0, len(due), _CHUNK)):
            left = self._call(chunk, left, day, now, forecast)

    def _call(
        self, due: Sequence[DuePerson], left: int | None, day: date, now: datetime, forecast: Forecast
    ) -> int | None:
        """Call who may be called while the day holds it; how many more it holds then."""
        people, debts = {each.debtor_id for each in due}, {one.debt_id for each in due for one in each.due}
        with self.database.reading() as connection:
            files = gather(connection, self.policy, people, debts, now)
        for each in due:
            keys = {(one.debt_id, each.step.name) for one in each.due}
            if callable_at(self.policy, each, files, now) is None:
                self.had |= keys
            elif left is not None and left <= 0:
                forecast.kept_back[day, Outcome.DEFER.value, f"capacity/{DAY_FULL}"] += 1
                self.put_off.update((one.debt_id, each.debtor_id) for one in each.due)
            else:
                forecast.going[day, CALL, each.step.name] += 1
                self.had |= keys
                left = None if left is None else left - 1
        return left

    def _begin(self) -> None:
        names = {strategy.name: strategy for strategy in self.policy.strategies if strategy.calls}
        with self.database.reading() as connection:
            for found in coming_calls.ladders(
                connection,
                self.policy.strategies,
                self.policy.segments,
                self.request.as_of,
                only=self.request.only,
                debtor_ids=self.request.debtor_ids,
                one_in=self.request.one_in,
            ):
                strategy = names.get(found.strategy)
                if strategy is not None:
                    self.ladders[found.debt_id, found.debtor_id] = strategy, found.due_date, found.rung
            self.had = coming_calls.had(connection, {key[0] for key in self.ladders})
        for key in self.ladders:
            self._note(key, self.request.as_of)

    def _climb(self, day: date, decided: Iterable[Decided]) -> None:
        for each in decided:
            if isinstance(each, PlannedMessage) and each.decision.outcome is not Outcome.HOLD:
                for due in each.intent.dues:
                    key = (due.debt.id, each.intent.person.id)
                    if due.strategy.calls and due.relation == "debtor":
                        rung = Rung(step=due.step.name, day=due.step.day, fired_on=day)
                        self.ladders[key] = due.strategy, due.debt.due_date, rung
                        self._note(key, day)

    def _note(self, key: tuple[int, int], day: date) -> None:
        strategy, due_date, rung = self.ladders[key]
        for call in strategy.calls:
            comes = call_comes_on(strategy, call, due_date, rung)
            if comes is not None and (key[0], call.name) not in self.had:
                self.comes[max(comes, day)].add((*key, call.name))

    def _left(self, day: date) -> int | None:
        most = self.policy.capacity.get(CALL)
        if most is None:
            return None
        with self.database.reading() as connection:
            taken = calls.count_on(connection, day) if day == self.request.as_of else 0
        return max(0, most // self.request.one_in - taken // self.request.one_in)

    def _due(self, day: date) -> Iterator[DuePerson]:
        """Each person once; whose ladder has gone past a call has it no more."""
        people: dict[int, tuple[Strategy, CallStep, list[DueCall]]] = {}
        for debt_id, debtor_id, name in sorted(self.waiting):
            strategy, due_date, rung = self.ladders[debt_id, debtor_id]
            step = strategy.call(name)
            comes = call_comes_on(strategy, step, due_date, rung) if step else None
            if step is None or comes is None or (debt_id, name) in self.had:
                self.waiting.discard((debt_id, debtor_id, name))
            elif comes <= day:
                known = people.setdefault(debtor_id, (strategy, step, []))
                if known[:2] == (strategy, step):
                    known[2].append(DueCall(debtor_id, debt_id, 1))
        for debtor_id, (strategy, step, due) in people.items():
            yield DuePerson(strategy=strategy, step=step, debtor_id=debtor_id, due=tuple(due))

    def _in_order(self, due: list[DuePerson], day: date, *, limited: bool) -> list[DuePerson]:
        if not limited or not due:
            return due
        candidates = [
            Candidate(one.debt_id, each.debtor_id, "debtor", each.strategy, each.step.step)
            for each in due
            for one in each.due
        ]
        with self.database.reading() as connection:
            before = Counter(put_off_days(connection, {one.debt_id for each in due for one in each.due}))
            before.update(self.put_off)
            key = turns(at_risk(connection, candidates, {}, day, card=self.policy.scorecard, put_off=before))
        return sorted(due, key=lambda each: key[each.debtor_id])
