"""What proves a person on their own page: what the ledger holds, wrong answers counted, and visits that are open."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from dispatcher.database.bulk import upsert_rows
from dispatcher.database.tables.people import page_tries, page_visits
from dispatcher.database.tables.portfolio import contact_points, debt_parties, debtors, debts
from dispatcher.people.domain.proof import OnFile

_visit = page_visits.c


def on_file(connection: Connection, debtor_id: int) -> OnFile:
    """What a person is known by, and what of theirs messages show."""
    row = connection.execute(select(debtors).where(debtors.c.id == debtor_id)).one()
    joint = select(debt_parties.c.debt_id).where(debt_parties.c.debtor_id == debtor_id)
    owed = or_(debts.c.debtor_id == debtor_id, debts.c.id.in_(joint))
    references = connection.scalars(select(debts.c.reference).where(owed))
    addresses = connection.scalars(
        select(contact_points.c.address).where(contact_points.c.debtor_id == debtor_id)
    )
    shown = {row.reference, row.postal_code, row.name, *references, *addresses}
    return OnFile(birth_date=row.birth_date, access_code=row.access_code, shown=frozenset(shown))


def tries(connection: Connection, debtor_id: int) -> tuple[int, bool]:
    """(wrong answers since the last right one, whether the page is closed)."""
    query = select(page_tries.c.tries, page_tries.c.closed_at).where(page_tries.c.debtor_id == debtor_id)
    row = connection.execute(query).first()
    return (row.tries, row.closed_at is not None) if row else (0, False)


def keep_tries(connection: Connection, debtor_id: int, count: int, *, closed_at: datetime | None) -> None:
    """Remember how many there were, and since when the page is closed."""
    row = {"debtor_id": debtor_id, "tries": count, "closed_at": closed_at}
    upsert_rows(connection, page_tries, [row], key=("debtor_id",))


def add_visit(
    connection: Connection, debtor_id: int, *, token_sha256: str, csrf: str, now: datetime, ends: datetime
) -> None:
    """Open a visit; those that are over go on the way."""
    connection.execute(delete(page_visits).where(_visit.ends_at < now))
    connection.execute(
        insert(page_visits).values(
            token_sha256=token_sha256, debtor_id=debtor_id, csrf=csrf, seen_at=now, ends_at=ends
        )
    )


def find_visit(connection: Connection, token_sha256: str, *, now: datetime, seen_after: datetime) -> Any:
    """The open visit behind a cookie, or None."""
    return connection.execute(
        select(page_visits).where(
            _visit.token_sha256 == token_sha256, _visit.ends_at > now, _visit.seen_at > seen_after
        )
    ).first()


def touch_visit(connection: Connection, token_sha256: str, now: datetime) -> None:
    """It was used."""
    connection.execute(update(page_visits).where(_visit.token_sha256 == token_sha256).values(seen_at=now))


def end_visits(connection: Connection, debtor_id: int) -> None:
    """End all visits of a person, wherever they were opened."""
    connection.execute(delete(page_visits).where(_visit.debtor_id == debtor_id))
