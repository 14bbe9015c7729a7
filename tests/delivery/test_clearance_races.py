"""A fact that is written while cleared messages are claimed comes before the claim or after it, never beside it."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

from dispatcher.database.engine import Connection, Database
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.portfolio import debtors
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.people.link_people import link_people
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.recording import Said
from dispatcher.people.storage import addresses
from tests.builders import TODAY, a_debt, a_debtor, a_party, plan, rows_of
from tests.delivery.builders import a_channel_delivery, hand_out, message
from tests.delivery.clearances import NOW, THERE, Desk, keep_texts, make_ready, texts_of, the_policy
from tests.delivery.test_races import PATIENCE, wait_until_blocked
from tests.portfolio.books import a_file, a_row, an_import

SAID = Said(now=NOW, actor="desk:maria", source="call", note="")
Write = Callable[[Database, Path], object]
HOME = {"address_lines": ["12 High Street"], "postal_code": "12201", "city": "Albany"}


def _settled(database: Database, folder: Path) -> object:
    row = a_row(debt_reference="PAID", debtor_reference="paid", debtor_name="Ana Example", balance="0.00")
    return an_import(database, a_file(folder, row), as_of=TODAY, now=NOW)


# Whose message it forbids -> how it is written, by the program's own doors.
WRITES: Mapping[str, Write] = {
    "stops": lambda database, _: record_opt_out(database, "acme/stops", SAID, medium="email"),
    "shares": lambda database, _: record_opt_out(
        database, "northwind/elsewhere", SAID, address="office@mail.example"
    ),
    "dies": lambda database, _: record_hold(database, "northwind/dies", "deceased", SAID),
    "joint": lambda database, _: record_hold(database, "acme/owner", "bankruptcy", SAID),
    "disputes": lambda database, _: record_hold(
        database, "acme/disputes", "dispute", SAID, debts=["DISPUTED"]
    ),
    "paid": _settled,
}


@pytest.fixture
def desk() -> Desk:
    return Desk.of(the_policy())


@pytest.fixture
def keys(database: Database, desk: Desk) -> dict[str, str]:
    """The cleared message of each, by reference."""
    due = TODAY - timedelta(days=1)
    for name in ("stops", "disputes", "paid"):
        who = a_debtor(database, reference=name)
        a_debt(database, who, due, reference={"disputes": "DISPUTED", "paid": "PAID"}.get(name, "R"))
    a_debt(database, a_debtor(database, reference="shares", email="office@mail.example"), due)
    a_debtor(database, reference="elsewhere", creditor=THERE, email="office@mail.example", name="Lee Example")
    for creditor in ("acme", THERE):
        twice = a_debtor(
            database,
            reference="dies",
            creditor=creditor,
            email="kim@mail.example",
            name="Kim Example",
            **HOME,
        )
        a_debt(database, twice, due) if creditor == "acme" else None
    owed = a_debt(database, a_debtor(database, reference="owner"), due)
    a_party(database, owed, a_debtor(database, reference="joint"))
    with database.writing() as connection:
        link_people(connection, on=True, now=NOW, actor="import")
    plan(database, TODAY, desk.context.policy)
    cleared = make_ready(database, desk)
    with database.reading() as connection:
        names = dict(connection.execute(select(debtors.c.id, debtors.c.reference)).all())
    found = {names[row.recipient_id]: row.id for row in rows_of(database) if row.id in cleared}
    assert found.keys() >= WRITES.keys()
    return found


@contextmanager
def paused_before_its_commit(database: Database, work: Callable[[], object]) -> Iterator[threading.Thread]:
    """A thread whose first transaction that writes stands before its commit while the block runs."""
    reached, go_on = threading.Event(), threading.Event()

    def pause(_connection: Connection) -> None:
        if threading.current_thread() is thread and not reached.is_set():
            reached.set()
            assert go_on.wait(PATIENCE)

    thread = threading.Thread(target=work)
    event.listen(database.writer, "commit", pause)
    thread.start()
    try:
        assert reached.wait(PATIENCE)
        yield thread
    finally:
        go_on.set()
        thread.join(PATIENCE)
        event.remove(database.writer, "commit", pause)


def test_what_is_being_written_while_a_message_is_claimed_keeps_it_back(
    database: Database, desk: Desk, keys: Mapping[str, str], tmp_path: Path
) -> None:
    """The writer has written and not committed; the claim waits for it, whoever it is about."""
    delivery = a_channel_delivery(database, judge=desk.judge, clock=lambda: NOW)
    for name, write in WRITES.items():
        owner = hand_out(database, [keys[name]])
        claim = threading.Thread(target=deliver_messages, args=(delivery, owner, [keys[name]]))
        with paused_before_its_commit(database, lambda write=write: write(database, tmp_path)):
            claim.start()
            wait_until_blocked(database, claim)
        claim.join(PATIENCE)
        assert delivery.channel.attempts == [], name
        assert message(database, keys[name]).state != "accepted"


def test_what_is_written_while_a_claim_is_open_comes_after_it(
    database: Database, desk: Desk, keys: Mapping[str, str], tmp_path: Path
) -> None:
    """The claim has judged and not committed: the writer waits, and the message goes once."""
    delivery = a_channel_delivery(database, judge=desk.judge, clock=lambda: NOW)
    key = keys["stops"]
    owner = hand_out(database, [key])
    writer = threading.Thread(target=WRITES["stops"], args=(database, tmp_path))
    with paused_before_its_commit(database, lambda: deliver_messages(delivery, owner, [key])):
        writer.start()
        wait_until_blocked(database, writer)
    writer.join(PATIENCE)
    assert [one.message_id for one in delivery.channel.attempts] == [key]
    told = select(log_entries.c.event, log_entries.c.entry).order_by(log_entries.c.id)
    with database.reading() as connection:
        said = [row for row in connection.execute(told) if row.event in {"attempting", "opted_out"}]
    assert [row.event for row in said] == ["attempting", "opted_out"]
    assert "cleared" in said[0].entry


def test_what_is_written_while_texts_are_made_clears_nothing_by_what_was_before(
    database: Database, desk: Desk
) -> None:
    """Facts and versions are of one view: whatever commits in between, the clearance is of what was read."""
    who = a_debtor(database, reference="07")
    a_debt(database, who, TODAY - timedelta(days=1))
    plan(database, TODAY, desk.context.policy)

    def stop() -> None:
        with database.writing() as connection:
            addresses.opt_out(
                connection, debtor_id=who, address="", medium="email", at=NOW, raw="", source="test"
            )

    with paused_before_its_commit(database, stop):
        rows = texts_of(database, desk)
    keep_texts(database, rows)
    [(key, clearance)] = [(row["id"], row["clearance"]) for row in rows]
    assert clearance
    delivery = a_channel_delivery(database, judge=desk.judge, clock=lambda: NOW)
    deliver_messages(delivery, hand_out(database, [key]), [key])
    assert delivery.channel.attempts == []
