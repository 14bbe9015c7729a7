"""How a database is known for the one it was: its id, where it lies, what was last attempted from a home."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dispatcher.database.engine import Database
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.newest_attempt import UnreadableMarkError
from dispatcher.messages.storage import outbox
from dispatcher.runs.adopt_database import Adoption, adopt_database
from dispatcher.runs.refuse_copy import CopyError, Home, refuse_copy, still_ours
from tests.delivery.builders import NOW, a_channel_delivery, attempt_rows, hand_out, message, queued, states

Open = Callable[[str], Database]


def by_ana(**more: bool) -> Adoption:
    return Adoption(actor="ana", now=NOW, why="restored", **more)


def test_a_dump_put_back_beside_its_original_is_a_copy(
    postgres_url: str, open_url: Open, tmp_path: Path
) -> None:
    home = Home.at(tmp_path)
    own = refuse_copy(open_url(postgres_url), home)
    assert refuse_copy(open_url(postgres_url), home) == own
    name = postgres_url.partition("@/")[2].partition("?")[0]
    admin = postgres_url.replace(f"@/{name}", "@/postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        connection.execute(f"CREATE DATABASE {name}_back TEMPLATE {name}")
    back = open_url(postgres_url.replace(f"@/{name}", f"@/{name}_back"))
    with pytest.raises(CopyError, match="put back from a dump"):
        refuse_copy(back, home)
    assert adopt_database(back, home, by_ana()).kind == "copy"
    assert refuse_copy(back, home).id != own.id
    back.close()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name}_back WITH (FORCE)")


def test_a_user_of_no_special_rights_can_tell_where_the_database_lies(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain_user")
        connection.execute("SET ROLE plain_user")
        row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
        connection.execute("RESET ROLE")
        connection.execute("DROP ROLE plain_user")
    assert row is not None
    assert row[0]


def test_a_worker_whose_database_is_exchanged_beneath_it_begins_nothing(
    database: Database, tmp_path: Path
) -> None:
    home = Home.at(tmp_path)
    own = refuse_copy(database, home)
    (key,) = queued(database)
    delivery = a_channel_delivery(
        database, refuse_copy=lambda connection: still_ours(connection, home=home, own_id=own.id)
    )
    (tmp_path / "other").mkdir()
    adopt_database(database, Home.at(tmp_path / "other"), by_ana(is_copy=True))
    (fresh,) = queued(database)
    with pytest.raises(CopyError, match="exchanged or adopted"):
        deliver_messages(delivery, hand_out(database, [fresh]), [fresh])
    assert delivery.channel.attempts == []
    assert attempt_rows(database, fresh) == []
    assert message(database, key).state == "unknown"


def test_the_newest_attempt_stands_outside_before_the_provider_is_called(
    database: Database, tmp_path: Path
) -> None:
    home = Home.at(tmp_path)
    (key,) = queued(database)
    delivery = a_channel_delivery(database, remember=home.newest.write)
    seen: list[object] = []
    send = delivery.channel.send
    delivery.channel.send = lambda *a, **k: (seen.append(home.newest.read()), send(*a, **k))[1]
    deliver_messages(delivery, hand_out(database, [key]), [key])
    assert [(mark.message_id, mark.number) for mark in seen] == [(key, 1)]


def test_a_mark_that_cannot_be_read_stops_and_is_named(database: Database, tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    home.newest.path.write_text("{")
    with pytest.raises(UnreadableMarkError, match="does not say which attempt"):
        refuse_copy(database, home)


def test_what_had_ended_stays_ended_when_a_copy_is_adopted(database: Database, tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    refuse_copy(database, home)
    for state in ("accepted", "delivered", "failed", "cancelled", "expired", "planned", "held", "deferred"):
        queued(database, state=state)
    adopted = adopt_database(database, home, by_ana(is_copy=True))
    assert adopted.unknown == 3
    assert states(database) == {
        "accepted": 1,
        "delivered": 1,
        "failed": 1,
        "cancelled": 1,
        "expired": 1,
        "unknown": 3,
    }


def test_the_mark_is_whole_whenever_it_is_read(database: Database, tmp_path: Path) -> None:
    """Three channels of one process write it, and each looks at it before its next chunk."""
    from concurrent.futures import ThreadPoolExecutor

    newest = Home.at(tmp_path).newest
    with database.reading() as connection:
        begun = outbox.read(connection, queued(database, 2))

    def write_and_read(number: int) -> str:
        newest.write([begun[number % 2]])
        mark = newest.read()
        return mark.message_id if mark else ""

    with ThreadPoolExecutor(6) as pool:
        marks = list(pool.map(write_and_read, range(600)))
    assert set(marks) <= {message.id for message in begun}
