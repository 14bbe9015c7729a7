"""Writes entries to the delivery log, set-wise, inside the transaction of the change they record."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from dispatcher.database.bulk import insert_columns, insert_rows, new_ids
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.log import log_entries, personal_values
from dispatcher.log.domain.alike_entries import AlikeEntries
from dispatcher.log.domain.log_entry import LogEntry, commitment_to, to_the_millisecond
from dispatcher.log.storage import log_facets
from dispatcher.values.canonical import canonical_json

_PERSONAL = select(personal_values.c.id, personal_values.c["values"]).where(
    one_of(personal_values.c.id, "ids")
)
PersonalReference = tuple[int, str]  # (personal_values.id, commitment)


def append(connection: Connection, entries: Sequence[LogEntry]) -> None:
    """Add entries in the order given."""
    if not entries:
        return
    facets = [entry.facet() for entry in entries]
    log_facets.keep(connection, set(facets))
    rows = [_row(entry, facet.id, entry.canonical()) for entry, facet in zip(entries, facets, strict=True)]
    insert_rows(connection, log_entries, rows)


def append_alike(
    connection: Connection, entries: Sequence[tuple[AlikeEntries, str, PersonalReference]]
) -> None:
    """Add entries in the order given: what each shares with others, its person, and what it refers to."""
    if not entries:
        return
    kinds = {id(alike): alike for alike, _, _ in entries}
    log_facets.keep(connection, {alike.facet for alike in kinds.values()})
    shared = {key: _row(alike.entry, alike.facet.id, "") for key, alike in kinds.items()}
    filled = {name for row in shared.values() for name, value in row.items() if value is not None}
    of_each = [shared[id(alike)] for alike, _, _ in entries]
    columns = {name: [row[name] for row in of_each] for name in sorted(filled)}
    columns |= {
        "person": [person for _, person, _ in entries],
        "personal_id": [reference[0] for _, _, reference in entries],
        "entry": [alike.canonical(person, *reference) for alike, person, reference in entries],
    }
    insert_columns(connection, log_entries, columns)


def append_about(
    connection: Connection, people: Sequence[tuple[Mapping[str, Any], Sequence[LogEntry]]]
) -> None:
    """Add entries about people: each one's erasable values, and the entries, one or more, that refer to them."""
    kept = keep_personal(connection, [(entries[0].person, values) for values, entries in people])
    append(
        connection,
        [
            entry._replace(personal_id=personal_id, commitment=commitment)
            for (_, entries), (personal_id, commitment) in zip(people, kept, strict=True)
            for entry in entries
        ],
    )


def personal_of(connection: Connection, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Values that stand aside, by the number by which entries refer to them; erased ones are left out."""
    rows = connection.execute(_PERSONAL, {"ids": sorted(set(ids))})
    return {row[0]: row[1] for row in rows}


def keep_personal(
    connection: Connection, people: Sequence[tuple[str | None, Mapping[str, Any]]]
) -> list[PersonalReference]:
    """Store (person, values) aside and return what entries refer to them by, in the same order.

    Values are `debtor`, `debts`, `address` and what else must be erasable; one reference may serve all the
    entries of a message.
    """
    if not people:
        return []
    ids = new_ids(connection, personal_values, len(people))
    chance = secrets.token_hex(16 * len(people))  # asked for once
    salts = [chance[i : i + 32] for i in range(0, len(chance), 32)]
    texts = [
        canonical_json(values) for _, values in people
    ]  # once, for the row and for what binds the entry to it
    columns = {
        "id": ids,
        "person": [person for person, _ in people],
        "salt": salts,
        "address": [_text_or_none(values.get("address")) for _, values in people],
        "values": texts,
    }
    insert_columns(connection, personal_values, columns, as_stored={"values"})
    return [(key, commitment_to(salt, text)) for key, salt, text in zip(ids, salts, texts, strict=True)]


def count(connection: Connection) -> int:
    """Count the entries in the log."""
    return connection.scalar(select(func.count()).select_from(log_entries)) or 0


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _row(entry: LogEntry, facet: int, canonical: str) -> dict[str, Any]:
    return {
        "at": to_the_millisecond(entry.at),
        "event": str(
            entry.event
        ),  # plain: of a kind of its own SQLite's driver looks for an adapter each time
        "run_id": entry.run_id,
        "message_id": entry.message_id,
        "person": entry.person,
        "creditor": entry.creditor,
        "channel": entry.channel,
        "personal_id": entry.personal_id,
        "body_sha256": entry.body_sha256,
        "entry": canonical,
        "facet": facet,
    }
