"""How many messages runs came to, and which of a run's messages look alike."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from dispatcher.database.tables.messages import contents, message_debts, messages
from dispatcher.database.tables.planning import runs
from dispatcher.database.tables.portfolio import creditors
from dispatcher.messages.domain.message import UNSENT, State
from dispatcher.messages.storage.message_counts import count_messages
from dispatcher.runs.domain.volume import MONTHS, DayVolume, groups_of

_GONE = (State.CANCELLED, State.EXPIRED, State.FAILED)
_SENT = (State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.RETURNED, State.UNKNOWN, State.SENDING)
_GOING = [state.value for state in UNSENT if state is not State.HELD]


def earlier_days(connection: Connection, run_id: int, as_of: date) -> list[DayVolume]:
    """What live runs of the months before planned and let go, a day each, this one left out.

    A run that kept no volume (of an earlier version) counts by what it sent.
    """
    query = select(runs.c.id, runs.c.as_of, runs.c.summary).where(
        runs.c.mode == "live", runs.c.id != run_id, runs.c.as_of.between(as_of - MONTHS, as_of)
    )
    days: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for row in connection.execute(query):
        kept = row.summary.get("volume")
        if kept is None:
            days[row.as_of].update(groups_of(_sent_by_group(connection, row.id), ()))
        elif kept["verdict"] != "held":
            days[row.as_of].update(kept["planned"])
    return [DayVolume(day=day, planned=planned) for day, planned in sorted(days.items())]


def unsent_by_group(connection: Connection, run_id: int) -> dict[tuple[str, str, str], int]:
    """(creditor, channel, template) -> messages of a run that are to go."""
    return _by_group(connection, messages.c.run_id == run_id, messages.c.state.in_(_GOING))


def _sent_by_group(connection: Connection, run_id: int) -> dict[tuple[str, str, str], int]:
    return _by_group(connection, messages.c.run_id == run_id, messages.c.state.in_(_SENT))


def _by_group(connection: Connection, *where: ColumnElement[bool]) -> dict[tuple[str, str, str], int]:
    columns = (creditors.c.key, messages.c.channel, messages.c.template)
    return dict(
        count_messages(connection, *columns, where=and_(creditors.c.id == messages.c.creditor_id, *where))
    )


def keep_volume(
    connection: Connection, run_id: int, planned: Mapping[str, int], verdict: str, found: Sequence[Any]
) -> None:
    """Write beside the run what it planned and what the guard said: usual, held or confirmed."""
    summary = connection.scalars(select(runs.c.summary).where(runs.c.id == run_id)).one()
    volume = {"planned": dict(planned), "verdict": verdict, "excesses": list(found)}
    connection.execute(update(runs).where(runs.c.id == run_id).values(summary={**summary, "volume": volume}))


def confirm(connection: Connection, run_id: int | None) -> list[tuple[int, list[dict[str, Any]]]]:
    """Turn `held` into `confirmed`, for one run or all; (run, its excesses) of each."""
    query = select(runs.c.id, runs.c.summary).where(runs.c.mode == "live")
    rows = connection.execute(query if run_id is None else query.where(runs.c.id == run_id)).all()
    held = [row for row in rows if row.summary.get("volume", {}).get("verdict") == "held"]
    for row in held:
        volume = {**row.summary["volume"], "verdict": "confirmed"}
        summary = {**row.summary, "volume": volume}
        connection.execute(update(runs).where(runs.c.id == row.id).values(summary=summary))
    return [(row.id, row.summary["volume"]["excesses"]) for row in held]


def run_of(connection: Connection, run_id: int) -> tuple[date, str]:
    """(as-of date, mode) of a run."""
    as_of, mode = connection.execute(select(runs.c.as_of, runs.c.mode).where(runs.c.id == run_id)).one()
    return as_of, mode


def unsent_ids(connection: Connection, run_id: int) -> list[str]:
    """Messages of a run that have not been sent and are not held, in order of planning."""
    query = select(messages.c.id).where(messages.c.run_id == run_id, messages.c.state.in_(_GOING))
    return list(connection.scalars(query.order_by(messages.c.id)))


def held_by_rule(connection: Connection, pack: str, rule: str, *, run_id: int | None = None) -> list[str]:
    """Held messages among whose reasons a rule stands, of one run or of all, oldest first."""
    query = select(messages.c.id, messages.c.reasons).where(messages.c.state == State.HELD)
    if run_id is not None:
        query = query.where(messages.c.run_id == run_id)
    rows = connection.execute(query.order_by(messages.c.id))
    return [row.id for row in rows if _stands(row.reasons, pack, rule)]


def held_back_before(connection: Connection, run_id: int, pack: str, rule: str) -> list[str]:
    """Messages of a run for the same debt, step and recipient as one whose hold by a rule ended by expiry."""
    other, spoken = messages.alias("other"), message_debts.alias("spoken")
    query = (
        select(messages.c.id, other.c.reasons)
        .join(message_debts, message_debts.c.message_id == messages.c.id)
        .join(
            spoken,
            (spoken.c.debt_id == message_debts.c.debt_id)
            & (spoken.c.strategy == message_debts.c.strategy)
            & (spoken.c.step == message_debts.c.step)
            & (spoken.c.recipient_id == message_debts.c.recipient_id)
            & (spoken.c.message_id != message_debts.c.message_id),
        )
        .join(other, other.c.id == spoken.c.message_id)
        .where(messages.c.run_id == run_id, messages.c.state.in_(_GOING), other.c.state == State.EXPIRED)
        .order_by(messages.c.id)
    )
    rows = connection.execute(query)
    return list(dict.fromkeys(row.id for row in rows if _stands(row.reasons, pack, rule)))


def _stands(reasons: Sequence[Mapping[str, Any]], pack: str, rule: str) -> bool:
    return any(reason.get("pack") == pack and reason.get("rule") == rule for reason in reasons)


def look_alikes(connection: Connection, run_id: int, as_of: date) -> list[tuple[str, str]]:
    """(message of the run, the earlier one it repeats): the same person, address and text on the same day."""
    other, other_text = messages.alias("other"), contents.alias("other_text")
    query = (
        select(messages.c.id, func.min(other.c.id))
        .join(contents, contents.c.sha256 == messages.c.content_sha256)
        .join(
            other,
            (other.c.recipient_id == messages.c.recipient_id)
            & (func.lower(other.c.address) == func.lower(messages.c.address))
            & (other.c.channel == messages.c.channel)
            & (other.c.as_of == messages.c.as_of)
            & (other.c.id < messages.c.id),
        )
        .join(other_text, other_text.c.sha256 == other.c.content_sha256)
        .where(
            messages.c.run_id == run_id,
            messages.c.as_of == as_of,
            or_(messages.c.state == State.QUEUED, messages.c.state == State.DEFERRED),
            other.c.state.not_in(_GONE),
            other_text.c.text == contents.c.text,
            other_text.c.text != "",
        )
        .group_by(messages.c.id)
        .order_by(messages.c.id)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]
