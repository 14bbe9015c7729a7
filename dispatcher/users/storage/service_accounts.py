"""Accounts of creditors' programs, as rows beside those of users."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dispatcher.database.tables.users import service_accounts, users
from dispatcher.users.domain.user import ServiceAccount


def add(connection: Connection, user_id: int, scopes: Iterable[str], creditor: str, *, is_test: bool) -> None:
    """Make a user's row a program's."""
    row = {
        "user_id": user_id,
        "scopes": sorted(scopes),
        "creditor": creditor or None,
        "is_test": is_test,
    }
    connection.execute(insert(service_accounts).values(row))


def change(connection: Connection, user_id: int, scopes: Iterable[str]) -> None:
    """Give other scopes."""
    mine = service_accounts.c.user_id == user_id
    connection.execute(update(service_accounts).where(mine).values(scopes=sorted(scopes)))


def of_user(connection: Connection, user_id: int) -> ServiceAccount | None:
    """The account behind a user's row; None where it is a person's."""
    row = connection.execute(select(service_accounts).where(service_accounts.c.user_id == user_id)).first()
    return _account(row) if row else None


def list_all(connection: Connection) -> list[tuple[int, ServiceAccount]]:
    """Every account by the user's name."""
    query = (
        select(service_accounts).join(users, users.c.id == service_accounts.c.user_id).order_by(users.c.name)
    )
    return [(row.user_id, _account(row)) for row in connection.execute(query)]


def _account(row: Any) -> ServiceAccount:
    return ServiceAccount(
        scopes=frozenset(row.scopes), creditor=row.creditor or "", is_test=bool(row.is_test)
    )
