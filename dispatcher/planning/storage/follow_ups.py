"""Which messages about arrangements have been planned: each once, unless it reached nobody."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, Text, cast, exists, func, or_, select

from dispatcher.agreements.domain.agreed import REOPENED
from dispatcher.agreements.domain.follow_ups import NEWS_FOR_DAYS, On
from dispatcher.database.bulk import insert_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.agreements import arrangement_parties, arrangements, follow_ups, instalments
from dispatcher.database.tables.messages import message_debts

Key = tuple[int, str, int, str, int]  # arrangement, event, instalment, follow-up, recipient


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A follow-up's message."""

    message_id: str
    arrangement_id: int
    event: str
    instalment: int
    name: str


_TRIES = select(
    follow_ups.c.arrangement_id, follow_ups.c.event, follow_ups.c.instalment, follow_ups.c.name,
    follow_ups.c.recipient_id, follow_ups.c.attempt, message_debts.c.given_back,
).outerjoin(message_debts, message_debts.c.message_id == follow_ups.c.message_id).where(
    one_of(follow_ups.c.arrangement_id, "ids")
).distinct().order_by(follow_ups.c.attempt)  # fmt: skip
_OF_MESSAGES = select(follow_ups).where(one_of(follow_ups.c.message_id, "ids"))


def tries(connection: Connection, arrangement_ids: Collection[int]) -> dict[Key, tuple[int, int]]:
    """Key -> (how often it was planned, how many of these did not reach nobody)."""
    found: dict[Key, tuple[int, int]] = {}
    for *key, attempt, in_vain in connection.execute(_TRIES, {"ids": sorted(arrangement_ids)}):
        told = found.get(tuple(key), (0, 0))[1]
        found[tuple(key)] = (attempt, told + (not in_vain))
    return found


def keep(connection: Connection, rows: Sequence[tuple[str, Key, int]]) -> None:
    """Write down (message, key, which try it is); the database refuses a double."""
    insert_rows(
        connection,
        follow_ups,
        [
            {
                "message_id": message,
                "arrangement_id": key[0],
                "event": key[1],
                "instalment": key[2],
                "name": key[3],
                "recipient_id": key[4],
                "attempt": attempt,
            }
            for message, key, attempt in rows
        ],
    )


def of_messages(connection: Connection, ids: Collection[str]) -> dict[str, Planned]:
    """Message -> what it follows; messages of the ladder are not among them."""
    rows = connection.execute(_OF_MESSAGES, {"ids": sorted(ids)})
    return {
        row.message_id: Planned(
            message_id=row.message_id,
            arrangement_id=row.arrangement_id,
            event=row.event,
            instalment=row.instalment,
            name=row.name,
        )
        for row in rows
    }


def eventful(
    connection: Connection, as_of: date, ahead: int, page: int, told_of: Mapping[On, int]
) -> Iterator[list[int]]:
    """Arrangements about which something may be due to be told on a day, in pages of their ids.

    `ahead`: how many days before a payment the earliest reminder goes; `told_of`: how many messages at most an event
    that is told at once brings to each party: who has had them is not looked at again.
    """
    news = as_of - timedelta(days=NEWS_FOR_DAYS)
    told = (
        select(instalments.c.arrangement_id)
        .join(arrangements, arrangements.c.id == instalments.c.arrangement_id)
        .where(
            arrangements.c.state == "active",
            instalments.c.paid_on.is_(None),
            or_(
                instalments.c.due_on.between(as_of, as_of + timedelta(days=ahead)),
                instalments.c.missed_on.is_not(None),
            ),
        )
    )
    events = (
        ("active", On.AGREED, arrangements.c.agreed_on),
        ("kept", On.KEPT, arrangements.c.since),
        ("broken", On.BROKEN, arrangements.c.since),
    )
    fresh = select(arrangements.c.id).where(
        or_(
            *(
                (arrangements.c.state == state) & (since >= news) & _untold(on, told_of.get(on, 0))
                for state, on, since in events
            )
        )
    )
    ids = sorted({*connection.scalars(told), *connection.scalars(fresh)})
    for i in range(0, len(ids), page):
        yield ids[i : i + page]


def _untold(on: On, most: int) -> ColumnElement[bool]:
    """Whether a party may lack one of so many messages about an event; one that reached nobody counts as none."""
    in_vain = exists().where(
        message_debts.c.message_id == follow_ups.c.message_id, message_debts.c.given_back
    )
    had = (
        select(func.count())
        .where(follow_ups.c.arrangement_id == arrangements.c.id, follow_ups.c.event == on.value, ~in_vain)
        .scalar_subquery()
    )
    parties = (
        select(func.count())
        .where(arrangement_parties.c.arrangement_id == arrangements.c.id)
        .scalar_subquery()
    )
    again = cast(arrangements.c.told, Text).contains(REOPENED)  # it was kept, and was not after all
    return or_(had < parties * most, again)
