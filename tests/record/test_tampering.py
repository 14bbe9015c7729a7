"""Any single change behind the log's back is found and its place named; nothing lawful is taken for one."""

import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from dispatcher.database.engine import Database
from dispatcher.record.change_key import rotate_key
from dispatcher.record.erase_person import Erasure, erase_person
from dispatcher.record.seal_log import seal_log
from dispatcher.record.verify.verify_log import verify_log
from tests.record.histories import NOW, Log, add_debtors, add_message, add_refusal, person

SEEDS = range(200) if os.environ.get("DEEP") == "1" else range(12)
KEYS = {
    "log_entries": "id",
    "sealed_entries": "position",
    "seals": "number",
    "contents": "id",
    "personal_values": "id",
}
FIELDS = {
    "log_entries": [
        "id",
        "at",
        "event",
        "run_id",
        "message_id",
        "person",
        "creditor",
        "channel",
        "personal_id",
        "body_sha256",
        "facet",
        "entry",
    ],
    "sealed_entries": ["position", "entry_id", "seal", "leaf"],
    "seals": [
        "number",
        "sealed_at",
        "first_position",
        "last_position",
        "root",
        "previous",
        "key_id",
        "body",
        "hash",
        "signature",
    ],
    "contents": ["sha256", "media_type", "encoding", "size", "body", "text"],
    "personal_values": ["id", "person", "salt", "address", '"values"'],
}


@contextmanager
def behind_the_back(database: Database) -> Iterator[Connection]:
    """A connection for which no trigger and no foreign key speaks."""
    if database.is_sqlite:
        with database.writer.connect() as connection:
            raw = connection.connection.driver_connection
            raw.execute("PRAGMA foreign_keys=OFF")
            for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                raw.execute(f"DROP TRIGGER {name}")
        with database.writing() as connection:
            yield connection
    else:
        with database.writing() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection


def seal(log: Log) -> None:
    seal_log(log.database, log.keys, log.journal, now=NOW)


def findings(log: Log) -> list[str]:
    """What is found, and the same where each seal is looked at by itself."""
    whole = verify_log(log.database, log.keys, log.journal)
    assert verify_log(log.database, log.keys, log.journal, piece=1) == whole
    return [str(finding) for finding in whole.findings]


def fill(log: Log, rng: random.Random) -> None:
    """A lawful history of some days."""
    with log.database.writing() as connection:
        add_debtors(connection, 8)
    for number in range(1, 9):
        with log.database.writing() as connection:
            add_message(connection, number, outcome=rng.choice(["delivered", "bounced"]))
            if rng.random() < 0.5:
                add_refusal(connection, number)
        roll = rng.random()
        if roll < 0.4:
            seal(log)
        elif roll < 0.5:
            rotate_key(log.database, log.keys, log.journal, now=NOW)
        elif roll < 0.65:
            erase_person(
                log.database, person(rng.randint(1, number)), Erasure(actor="ana", now=NOW, why="asked")
            )


def change_a_field(connection: Connection, rng: random.Random) -> str:
    table = rng.choice(list(FIELDS))
    field, key = rng.choice(FIELDS[table]), KEYS[table]
    row = rng.choice(connection.execute(text(f"SELECT * FROM {table} ORDER BY {key}")).mappings().all())
    old = row[field.strip('"')]
    new = mutated(old, field, rng)
    connection.execute(
        text(f"UPDATE {table} SET {field} = :new WHERE {key} = :key"), {"new": new, "key": row[key]}
    )
    return f"{table}.{field} of {row[key]}: {old!r} -> {new!r}"


def mutated(old: object, field: str, rng: random.Random) -> object:
    if isinstance(old, int):
        return old + rng.choice([1_000, 5_000])
    if isinstance(old, bytes):
        place = rng.randrange(len(old))
        return old[:place] + bytes([old[place] ^ 1]) + old[place + 1 :]
    if old is None and field == "body":
        return b"another body"
    if old is None:
        return 7 if field in {"run_id", "personal_id"} else "other"
    if field in {"media_type", "encoding"}:
        return (
            {"media_type": "application/pdf", "encoding": "identity"}[field] if old != "identity" else "zlib"
        )
    if field in {"at", "sealed_at"}:
        return "2026-03-02 14:59:59.000000"
    value = str(old)
    places = [i for i, letter in enumerate(value) if re.match(r"[0-9a-z]", letter)]
    place = rng.choice(places)
    return value[:place] + ("1" if value[place] != "1" else "2") + value[place + 1 :]


def delete_a_row(connection: Connection, rng: random.Random) -> str:
    table = rng.choice(["log_entries", "sealed_entries", "seals", "contents", "personal_values"])
    key = KEYS[table]
    where = "WHERE entry_id IS NOT NULL" if table == "sealed_entries" else ""
    if table == "log_entries":  # an unsealed tail cannot show what was never sealed
        where = "WHERE id IN (SELECT entry_id FROM sealed_entries)"
    if table in {"contents", "personal_values"}:
        named = {
            "contents": "sha256 IN (SELECT body_sha256 FROM log_entries) AND body IS NOT NULL",
            "personal_values": "id IN (SELECT personal_id FROM log_entries)",
        }
        where = f"WHERE {named[table]}"
    row = rng.choice(connection.scalars(text(f"SELECT {key} FROM {table} {where} ORDER BY {key}")).all())
    connection.execute(text(f"DELETE FROM {table} WHERE {key} = :row"), {"row": row})
    return f"deleted {table} {row}"


def insert_an_entry(connection: Connection, rng: random.Random) -> str:
    columns = (
        "at, event, run_id, message_id, person, creditor, channel, personal_id, body_sha256, facet, entry"
    )
    source = rng.choice(
        connection.scalars(text("SELECT entry_id FROM sealed_entries ORDER BY position")).all()
    )
    connection.execute(
        text(
            f"INSERT INTO log_entries (id, {columns}) SELECT -id, {columns} FROM log_entries WHERE id = :id"
        ),
        {"id": source},
    )
    return f"inserted a copy of entry {source} behind the seals"


def swap_two_entries(connection: Connection, rng: random.Random) -> str:
    rows = connection.execute(
        text(
            "SELECT id, entry FROM log_entries WHERE id IN (SELECT entry_id FROM sealed_entries) ORDER BY id"
        )
    ).all()
    first, second = rng.sample(rows, 2)
    while first.entry == second.entry:
        first, second = rng.sample(rows, 2)
    for row, other in ((first, second), (second, first)):
        connection.execute(
            text("UPDATE log_entries SET entry = :entry WHERE id = :id"), {"entry": other.entry, "id": row.id}
        )
    return f"swapped {first.id} and {second.id}"


def swap_two_places(connection: Connection, rng: random.Random) -> str:
    rows = connection.execute(
        text("SELECT position, entry_id, leaf FROM sealed_entries ORDER BY position")
    ).all()
    first, second = rng.sample(rows, 2)
    connection.execute(
        text("UPDATE sealed_entries SET entry_id = 0 WHERE position = :p"), {"p": first.position}
    )
    for row, other in ((second, first), (first, second)):
        connection.execute(
            text("UPDATE sealed_entries SET entry_id = :e, leaf = :l WHERE position = :p"),
            {"e": other.entry_id, "l": other.leaf, "p": row.position},
        )
    return f"swapped places {first.position} and {second.position}"


MESSAGE = {
    "state": "failed", "recipient_id": 2, "as_of": "2026-03-01", "step": "final-notice", "kind": "notice", "channel": "sms",
    "address": "x@debtors.example", "template": "other", "template_version": 2, "content_sha256": "0" * 64,
    "provider": "smtp", "provider_id": "other", "personal_id": 2, "commitment": "0" * 64,
}  # fmt: skip


def change_a_message(connection: Connection, rng: random.Random) -> str:
    field, new = rng.choice(list(MESSAGE.items()))
    first = "SELECT id FROM messages WHERE recipient_id = 1"  # nobody else's values are those of the forgery
    if field == "address":  # an erasure empties it, and leaves nothing to compare another with
        first = "SELECT id FROM messages WHERE address <> '' ORDER BY id"
    key = connection.scalar(text(first))
    if field == "address" and key is None:
        field, new = "state", "failed"
        key = connection.scalar(text("SELECT id FROM messages ORDER BY id"))
    connection.execute(text(f"UPDATE messages SET {field} = :new WHERE id = :id"), {"new": new, "id": key})
    return f"message {key} {field} -> {new}"


def delete_an_attempt(connection: Connection, rng: random.Random) -> str:
    key = rng.choice(connection.scalars(text("SELECT message_id FROM attempts ORDER BY message_id")).all())
    connection.execute(text("DELETE FROM attempts WHERE message_id = :id"), {"id": key})
    return f"attempts of message {key} deleted"


CHANGES = (
    [change_a_field] * 6
    + [delete_a_row] * 2
    + [insert_an_entry, swap_two_entries, swap_two_places, delete_an_attempt]
    + [change_a_message] * 2
)


@pytest.mark.parametrize("seed", SEEDS)
def test_tampering_with_the_database_is_found_and_its_place_named(log: Log, seed: int) -> None:
    rng = random.Random(seed)
    fill(log, rng)
    seal(log)
    with behind_the_back(log.database) as connection:
        what = rng.choice(CHANGES)(connection, rng)
    told = findings(log)
    assert told, what
    assert re.match(r"entry at position|entry id|seal \d|message |body |keys", told[0]), told[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_lawful_history_is_never_called_damaged(log: Log, seed: int) -> None:
    fill(log, random.Random(seed))
    assert findings(log) == []


def test_tampering_with_entry_and_leaf_together_is_found(log: Log) -> None:
    fill(log, random.Random(1))
    seal(log)
    from dispatcher.record.domain.seal import leaf_hash

    with behind_the_back(log.database) as connection:
        entry = connection.scalar(text("SELECT entry FROM log_entries WHERE id = 3")).replace(
            '"run"', '"fun"'
        )
        connection.execute(text("UPDATE log_entries SET entry = :e WHERE id = 3"), {"e": entry})
        connection.execute(
            text("UPDATE sealed_entries SET leaf = :l WHERE entry_id = 3"), {"l": leaf_hash(entry).hex()}
        )
    assert any("do not give its root" in each for each in findings(log))


@pytest.mark.parametrize("gone", ["last", "first", "all", "end"])
def test_what_is_gone_at_the_edge_of_a_seal_is_named_once(sqlite_log: Log, gone: str) -> None:
    log = sqlite_log
    with log.database.writing() as connection:
        add_debtors(connection, 3)
    for number in (1, 2, 3):
        with log.database.writing() as connection:
            add_message(connection, number)
        seal(log)
    edges = "SELECT first_position, last_position FROM seals ORDER BY number"
    with behind_the_back(log.database) as connection:
        (_, one), (first, last), (_, end) = connection.execute(text(edges)).all()
        chosen = {"last": (one, one), "first": (first, first), "all": (first, last), "end": (end, end)}
        since, until = chosen[gone]
        connection.execute(
            text("DELETE FROM sealed_entries WHERE position BETWEEN :since AND :until"),
            {"since": since, "until": until},
        )
    said = findings(log)
    missed = [each for each in said if f"position {since} is expected here" in each]
    missed += [each for each in said if f"position {since}: it and what follows" in each]
    assert len(missed) == 1


@pytest.mark.parametrize("what", ["signing key", "public key", "journal line"])
def test_tampering_with_the_files_beside_the_database_is_found(sqlite_log: Log, what: str) -> None:
    fill(sqlite_log, random.Random(2))
    seal(sqlite_log)
    path: Path = sqlite_log.journal.path
    if what == "public key":
        path = min(sqlite_log.keys.folder.glob("*.pub"))
    if what == "signing key":
        other = Log(sqlite_log.database, sqlite_log.home / "other")
        other.keys.signing(None)
        (sqlite_log.keys.folder / "signing.key").write_bytes((other.keys.folder / "signing.key").read_bytes())
    else:
        path.write_text(path.read_text().replace("1", "2", 1) if "1" in path.read_text() else "00")
    assert findings(sqlite_log)
