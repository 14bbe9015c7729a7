"""Texts made in several processes: the same bytes in the same order, and nothing lost when a process dies."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.messages.domain.message import State
from dispatcher.messages.storage import planned
from dispatcher.planning.decide_reminders import PlanRequest
from dispatcher.planning.plan_reminders import plan_reminders
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.settings import load_settings
from dispatcher.worker.render_pool import RenderPool, render_pool
from dispatcher.writing import prepare_messages as preparing
from dispatcher.writing.prepare_messages import Chunk, prepare_chunk, prepare_messages
from tests.chaos.accidents import until

DAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 17, tzinfo=UTC)
PEOPLE = 60
HEADER = "debt_reference,creditor,debtor_reference,debtor_name,debtor_kind,language,country,region,postal_code,city,address_line_1,email,currency,balance,due_date,debt_type\n"
ROW = "R{0:02},acme,D{0:02},Ana Person {0},person,en,US,US-NY,10001,New York,{0} Example Street,ana{0}@debtors.example,USD,120.{0:02},2026-03-02,consumer\n"
SIZE = 5


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Dispatcher]:
    """A planned day of sixty people, its texts not yet made; the clock stands."""
    opened = open_dispatcher(load_settings(home=tmp_path / "var"))
    opened.now = lambda: NOW
    (tmp_path / "book.csv").write_text(HEADER + "".join(ROW.format(i) for i in range(PEOPLE)))
    request = ImportRequest(
        file=tmp_path / "book.csv", as_of=DAY, now=opened.real_now(), actor="test",
        rejects=tmp_path / "r.csv", warnings=tmp_path / "w.csv",
    )  # fmt: skip
    import_portfolio(opened.database, request)
    opened.refresh_templates()
    plan = PlanRequest(
        as_of=DAY, now=NOW, real_now=opened.real_now(), actor="test", random_bytes=opened.random_bytes
    )
    plan_reminders(opened.database, opened.policy, plan)
    yield opened
    opened.close()


@pytest.fixture
def chunks(house: Dispatcher) -> list[Chunk]:
    with house.database.reading() as connection:
        ids = planned.planned_ids(connection, 1, after="", limit=1000)
    assert len(ids) == PEOPLE
    return [ids[i : i + SIZE] for i in range(0, PEOPLE, SIZE)]


@pytest.fixture
def room(house: Dispatcher) -> Iterator[RenderPool]:
    opened = RenderPool(house, actor="test", processes=2)
    yield opened
    opened.close()


def test_texts_made_elsewhere_are_byte_for_byte_those_made_here(
    house: Dispatcher, room: RenderPool, chunks: list[Chunk]
) -> None:
    here = [prepare_chunk(house.database, house.preparing("test"), ids, NOW) for ids in chunks]
    elsewhere = list(room(chunks))
    assert elsewhere == here
    assert all(one.content is not None and one.state is State.QUEUED for done in elsewhere for one in done)


def test_when_the_processes_die_the_day_goes_on_without_them(room: RenderPool, chunks: list[Chunk]) -> None:
    made = room(chunks)
    done = [next(made)]
    for process in multiprocessing.active_children():
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    done += made
    assert [[one.message.id for one in some] for some in done] == chunks


def test_a_machine_that_has_no_process_to_give_is_told_and_the_day_goes_on(
    room: RenderPool,
    chunks: list[Chunk],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def none(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.process.BaseProcess.start", none)
    room.expect(preparing.MANY)
    done = list(room(chunks))
    assert [[one.message.id for one in some] for some in done] == chunks
    [said] = [record.getMessage() for record in caplog.records]
    assert "could not start or died ([Errno 11] Resource temporarily unavailable)" in said
    assert said.endswith("the run goes on alone")


def test_what_the_checks_said_elsewhere_is_known_to_the_second_gate_here(
    house: Dispatcher, room: RenderPool, chunks: list[Chunk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "MANY", PEOPLE)
    press = house.preparing("test")
    known = []
    told = preparing.Preparing(
        policy=press.policy,
        find_template=lambda _name: pytest.fail("a text was made here"),
        remember=lambda *what: known.append(what),
    )
    counts = prepare_messages(house.database, told, clock=lambda: NOW, run_id=1, spread=room)
    assert counts == {State.QUEUED: PEOPLE}
    assert len({sha256 for sha256, *_ in known}) == PEOPLE
    assert all(not report.findings for *_, report in known)


def test_few_texts_start_no_process(house: Dispatcher, room: RenderPool, chunks: list[Chunk]) -> None:
    room.expect(preparing.MANY - 1)
    counts = prepare_messages(
        house.database, house.preparing("test"), clock=lambda: NOW, run_id=1, spread=room
    )
    assert counts == {State.QUEUED: PEOPLE}
    assert multiprocessing.active_children() == []


def test_processes_that_were_expected_in_vain_end_with_the_room(room: RenderPool) -> None:
    room.expect(preparing.MANY)
    started = multiprocessing.active_children()
    room.close()
    assert len(started) == 2
    assert not any(process.is_alive() for process in started)


def test_one_process_is_no_room(house: Dispatcher) -> None:
    alone = house.settings.model_copy(update={"prepare_processes": 1})
    three = house.settings.model_copy(update={"prepare_processes": 3})
    house.settings = alone
    assert render_pool(house, actor="test") is None
    house.settings = three
    assert render_pool(house, actor="test") is not None


ORPHANS = """
import multiprocessing, sys, time
from dispatcher.bootstrap import open_dispatcher
from dispatcher.writing.prepare_messages import MANY
from dispatcher.worker.render_pool import RenderPool
if __name__ == "__main__":
    room = RenderPool(open_dispatcher(), actor="test", processes=2)
    room.expect(MANY)
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    time.sleep(600)
"""


def test_no_process_outlives_a_run_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(ORPHANS)
    environment = os.environ | {"DISPATCHER_HOME": str(tmp_path / "var"), "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(
        [sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        children = [int(pid) for pid in run.stdout.readline().split()]
        run.kill()
    assert len(children) == 2
    until(lambda: not any(_lives(pid) for pid in children), what="the end of the children")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
