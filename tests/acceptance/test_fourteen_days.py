"""What `explain` says of each of the next fourteen days is what the run of that day does, for everybody of the sample."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.gate.decision import Outcome
from dispatcher.planning import plan_reminders as verb
from dispatcher.planning.domain.plan_summary import Decided
from dispatcher.planning.domain.planner import PlannedMessage
from dispatcher.planning.explain_debtor import explain_debtor
from dispatcher.planning.forecast_days import ForecastRequest, predict_days
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.portfolio.sample.sample_portfolio import SAMPLE_AS_OF, write_sample_portfolio
from dispatcher.runs.replay_days import ReplayRequest
from dispatcher.settings import load_settings
from dispatcher.worker.replay import replay
from tests.conftest import DEEP

DAYS = 14
AT = time(18)
EVERY = 1 if DEEP else 100  # of the people, so many-th is asked about
Sent = set[tuple[str, str, str]]  # debtor, debt, step


def morning(day: date) -> datetime:
    return datetime.combine(day, AT, UTC)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispatcher]:
    """The sample, imported."""
    home: Path = tmp_path_factory.mktemp("fourteen")
    opened = open_dispatcher(load_settings(home=home))
    write_sample_portfolio(home / "sample.csv")
    import_portfolio(
        opened.database,
        ImportRequest(
            file=home / "sample.csv",
            as_of=SAMPLE_AS_OF,
            now=morning(SAMPLE_AS_OF),
            actor="test",
            rejects=home / "rejects.csv",
            warnings=home / "warnings.csv",
            settings=opened.import_settings,
        ),
        watch=opened.watch_ledger,
    )
    yield opened
    opened.close()


def goes(decided: list[Decided]) -> Sent:
    """What may go, now or at its hour; what a person must decide is not there before they have."""
    return {
        (each.intent.person.full_reference, due.debt.reference, due.step.name)
        for each in decided
        if isinstance(each, PlannedMessage) and each.decision.outcome is not Outcome.HOLD
        for due in each.intent.dues
    }


def explained(house: Dispatcher, who: str, day: date) -> Sent:
    answer = explain_debtor(house.database, house.policy, who, as_of=day, now=morning(SAMPLE_AS_OF))
    return {
        (who, debt.reference.partition("/")[2], step.step)
        for debt in answer.debts
        for step in debt.steps
        if step.status == "due"
    }


def test_explain_of_each_of_the_next_days_is_the_run_of_that_day_for_all_of_the_sample(
    house: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [SAMPLE_AS_OF + timedelta(days=n) for n in range(DAYS)]
    request = ForecastRequest(as_of=SAMPLE_AS_OF, now=morning(SAMPLE_AS_OF), days=DAYS)
    foreseen = {day: goes(decided) for day, _, decided in predict_days(house.database, house.policy, request)}
    people = sorted({who for sent in foreseen.values() for who, _, _ in sent})
    assert len(people) > 100
    asked = people[::EVERY]
    told: dict[date, Sent] = {
        day: {one for who in asked for one in explained(house, who, day)} for day in days
    }
    decided: dict[date, Sent] = {}
    _listen(monkeypatch, decided)
    request_ = ReplayRequest(first=SAMPLE_AS_OF, last=days[-1], at=AT)
    replay(house, request_, actor="test")
    for day in days:
        of_asked = {one for one in decided[day] if one[0] in asked}
        assert told[day] == of_asked, day
        assert foreseen[day] == decided[day], day


def _listen(monkeypatch: pytest.MonkeyPatch, decided: dict[date, Sent]) -> None:
    """Write down what each run decides, while it does."""
    original = verb.decide_all

    def heard(database: Any, desk: Any, request: Any, **more: Any) -> Iterator[list[Decided]]:
        decided.setdefault(request.as_of, set())
        for chunk in original(database, desk, request, **more):
            decided[request.as_of] |= goes(chunk)
            yield chunk

    monkeypatch.setattr(verb, "decide_all", heard)
