"""Second factors as rows: the sealed secret, the newest code that was taken, and hashes of recovery codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from dispatcher.database.tables.users import recovery_codes, second_factors

_f, _c = second_factors.c, recovery_codes.c


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondFactor:
    """A phone's secret. `confirmed_at` is None until a first code of it was seen."""

    user_id: int
    sealed_secret: str
    last_step: int
    created_at: datetime
    confirmed_at: datetime | None


def find(connection: Connection, user_id: int) -> SecondFactor | None:
    """A user's second factor, confirmed or not."""
    row = connection.execute(select(second_factors).where(_f.user_id == user_id)).first()
    return SecondFactor(**row._asdict()) if row else None


def users_with_one(connection: Connection) -> set[int]:
    """Ids of the users who have a confirmed one."""
    return set(connection.scalars(select(_f.user_id).where(_f.confirmed_at.is_not(None))))


def some(connection: Connection) -> SecondFactor | None:
    """Any of them: where there is one, the key that sealed it must be there."""
    row = connection.execute(select(second_factors).limit(1)).first()
    return SecondFactor(**row._asdict()) if row else None


def put(connection: Connection, user_id: int, *, sealed_secret: str, at: datetime) -> None:
    """Begin with a new secret; whatever was there is gone."""
    remove(connection, user_id)
    row = {"user_id": user_id, "sealed_secret": sealed_secret, "last_step": 0, "created_at": at}
    connection.execute(insert(second_factors).values(row))


def confirm(connection: Connection, user_id: int, at: datetime) -> None:
    """From here on it is asked for."""
    connection.execute(update(second_factors).where(_f.user_id == user_id).values(confirmed_at=at))


def take_step(connection: Connection, user_id: int, step: int) -> bool:
    """Take the code of a half minute; False where it, or a later one, was taken already."""
    query = update(second_factors).where(_f.user_id == user_id, _f.last_step < step)
    return connection.execute(query.values(last_step=step)).rowcount == 1


def remove(connection: Connection, user_id: int) -> bool:
    """Forget secret and recovery codes; False where there was none."""
    connection.execute(delete(recovery_codes).where(_c.user_id == user_id))
    return connection.execute(delete(second_factors).where(_f.user_id == user_id)).rowcount == 1


def put_recovery_codes(connection: Connection, user_id: int, hashes: Iterable[str]) -> None:
    """These instead of the former."""
    connection.execute(delete(recovery_codes).where(_c.user_id == user_id))
    rows = [{"user_id": user_id, "code_sha256": code} for code in hashes]
    connection.execute(insert(recovery_codes), rows)


def take_recovery_code(connection: Connection, user_id: int, code_sha256: str, at: datetime) -> bool:
    """Use a code up; False where it is none of theirs or was used."""
    query = update(recovery_codes).where(
        _c.user_id == user_id, _c.code_sha256 == code_sha256, _c.used_at.is_(None)
    )
    return connection.execute(query.values(used_at=at)).rowcount == 1


def recovery_codes_left(connection: Connection, user_id: int) -> int:
    """How many can still be used."""
    query = select(func.count()).where(_c.user_id == user_id, _c.used_at.is_(None))
    return connection.scalar(query) or 0
