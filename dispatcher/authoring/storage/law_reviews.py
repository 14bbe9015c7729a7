"""Counsel's reviews as rows: who read which text of a pack or a place's answer, and who took that back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dispatcher.database.tables.reviews import law_reviews

_r = law_reviews.c


@dataclass(frozen=True, kw_only=True, slots=True)
class LawReview:
    """One review. `kind`: pack or place; `digest`: SHA-256 of the text that was read."""

    id: int
    kind: str
    name: str
    digest: str
    note: str
    by: str
    at: datetime
    ended_by: str = ""
    ended_at: datetime | None = None
    ended_why: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What was read."""
        return self.kind, self.name, self.digest


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    """Write one down; returns its number."""
    key: int = connection.scalars(insert(law_reviews).values(**values).returning(_r.id)).one()
    return key


def end(connection: Connection, kind: str, name: str, *, by: str, at: datetime, why: str) -> int:
    """Take back what stands of a pack or a place, whatever text it was of; returns how many that were."""
    result = connection.execute(
        update(law_reviews)
        .where(_r.kind == kind, _r.name == name, _r.ended_at.is_(None))
        .values(ended_by=by, ended_at=at, ended_why=why)
    )
    return result.rowcount


def standing(connection: Connection) -> list[LawReview]:
    """Those that nobody has taken back, oldest first; of texts that have changed since too."""
    return [
        _review(row)
        for row in connection.execute(select(law_reviews).where(_r.ended_at.is_(None)).order_by(_r.id))
    ]


def of(connection: Connection, kind: str, name: str) -> list[LawReview]:
    """All of a pack or a place, the newest first."""
    query = select(law_reviews).where(_r.kind == kind, _r.name == name).order_by(_r.id.desc())
    return [_review(row) for row in connection.execute(query)]


def every(connection: Connection) -> list[LawReview]:
    """All there are, oldest first."""
    return [_review(row) for row in connection.execute(select(law_reviews).order_by(_r.id))]


def _review(row: Any) -> LawReview:
    return LawReview(
        id=row.id,
        kind=row.kind,
        name=row.name,
        digest=row.digest,
        note=row.note,
        by=row.reviewed_by,
        at=row.reviewed_at,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
        ended_why=row.ended_why,
    )
