"""Finds bodies by their words: FTS5 on SQLite, a text search vector on PostgreSQL, one set of calls.

The index is filled after sending, never while sending: it costs more than writing the body does.
"""

import re
import unicodedata
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from dispatcher.database.tables.messages import contents
from dispatcher.database.tables.operations import marks

CATCH_UP = 2_000  # bodies indexed in one transaction
LATE_COMMITS = 5_000  # on PostgreSQL a smaller id may become visible after a greater one: look again
LONGEST = 100_000  # characters of a body that are indexed; PostgreSQL takes no vector above 1 MB
MARK = "words_indexed"


def catch_up(connection: Connection) -> int:
    """Index bodies that are not yet; returns how many. Call again until it returns 0."""
    missing = (
        select(contents.c.id, contents.c.text)
        .where(contents.c.id > _indexed_up_to(connection), contents.c.text.is_not(None))
        .order_by(contents.c.id)
        .limit(CATCH_UP)
    )
    if connection.dialect.name == "postgresql":
        missing = missing.where(text("NOT EXISTS (SELECT FROM content_words WHERE content_id = contents.id)"))
    rows = connection.execute(missing).all()
    if rows:
        _add(connection, [(row.id, _indexed(row.text)) for row in rows])
        late = LATE_COMMITS if connection.dialect.name == "postgresql" else 0
        _remember(connection, rows[-1].id - late)
    return len(rows)


def matching(connection: Connection, words: str, before: int | None, limit: int) -> list[int]:
    """Ids of bodies that hold all the words, newest first, older than `before`."""
    wanted = re.findall(r"\w+", normalised(words))
    if not wanted:
        return []
    bounds = {"before": before if before is not None else 2**62, "limit": limit}
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT content_id FROM content_words WHERE words @@ plainto_tsquery('simple', :words) "
            "AND content_id < :before ORDER BY content_id DESC LIMIT :limit"
        )
        return list(connection.scalars(text(query), {"words": " ".join(wanted), **bounds}))
    query = (
        "SELECT rowid FROM content_words WHERE content_words MATCH :words "
        "AND rowid < :before ORDER BY rowid DESC LIMIT :limit"
    )
    return list(
        connection.scalars(text(query), {"words": " ".join(f'"{word}"' for word in wanted), **bounds})
    )


def among(connection: Connection, words: str, bodies: Sequence[int]) -> set[int]:
    """Choose those of the bodies that hold all the words."""
    wanted = re.findall(r"\w+", normalised(words))
    if not wanted or not bodies:
        return set()
    if connection.dialect.name == "postgresql":
        query = text(
            "SELECT content_id FROM content_words WHERE content_id = ANY(:bodies) "
            "AND words @@ plainto_tsquery('simple', :words)"
        )
        return set(connection.scalars(query, {"bodies": list(bodies), "words": " ".join(wanted)}))
    query = text("SELECT rowid FROM content_words WHERE content_words MATCH :words AND rowid IN :bodies")
    given = {"words": " ".join(f'"{word}"' for word in wanted), "bodies": list(bodies)}
    return set(connection.scalars(query.bindparams(bindparam("bodies", expanding=True)), given))


def forget(connection: Connection, bodies: Sequence[tuple[int, str | None]]) -> None:
    """Take bodies (id, text) out of the index; call before their text is erased."""
    if connection.dialect.name == "postgresql":
        gone = [{"id": key} for key, _ in bodies]
        if gone:
            connection.execute(text("DELETE FROM content_words WHERE content_id = :id"), gone)
        return
    known = _indexed_up_to(connection)  # FTS5 must not be told to forget what it never saw
    rows = [{"id": key, "words": _indexed(body)} for key, body in bodies if body and key <= known]
    if not rows:
        return
    connection.execute(
        text("INSERT INTO content_words(content_words, rowid, words) VALUES ('delete', :id, :words)"), rows
    )
    # the deleted words would stand in old segments until they are merged
    connection.execute(text("INSERT INTO content_words(content_words) VALUES ('optimize')"))


def clear(connection: Connection) -> None:
    """Empty the index: `catch_up` fills it again."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("DELETE FROM content_words"))
    else:
        connection.execute(text("INSERT INTO content_words(content_words) VALUES ('delete-all')"))
    connection.execute(delete(marks).where(marks.c.name == MARK))


def normalised(body: str) -> str:
    """Lower case without accents, so that `dialogo` finds `Diálogo` on both databases."""
    decomposed = unicodedata.normalize("NFKD", body.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _indexed(body: str) -> str:
    return normalised(body)[:LONGEST]


def _add(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        statement = (
            "INSERT INTO content_words (content_id, words) VALUES (:id, to_tsvector('simple', :words)) "
            "ON CONFLICT DO NOTHING"
        )
    else:
        statement = "INSERT INTO content_words (rowid, words) VALUES (:id, :words)"
    connection.execute(text(statement), [{"id": key, "words": words} for key, words in rows])


def _indexed_up_to(connection: Connection) -> int:
    return connection.scalar(select(marks.c.value).where(marks.c.name == MARK)) or 0


def _remember(connection: Connection, content_id: int) -> None:
    changed = connection.execute(update(marks).where(marks.c.name == MARK).values(value=content_id))
    if changed.rowcount == 0:
        connection.execute(insert(marks).values(name=MARK, value=content_id))
