"""Passing a debt to counsel: a person decides, or two where the strategy says so; from the export on we are silent."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta
from typing import Any

from dispatcher.agreements.storage import arrangements, handovers
from dispatcher.agreements.watch import Watcher
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Recorded, Recording, Said, recording
from dispatcher.people.storage.debt_files import load_debts


def decide(
    database: Database, who: str, debt: str, said: Said, *, needs_second: bool, why: str = ""
) -> Recorded:
    """One person's decision; the second of two must be another's. Raises RecordError for a debt that must stay.

    `why`: what put it before them.
    """
    with recording(database, who, said, debts=[debt]) as record:
        [owed] = record.debts
        _may_go(record.connection, owed.id, said.now.date())
        row = handovers.standing(record.connection, owed.id)
        by = list(row.decided_by) if row else []
        if row is not None and (row.state != "proposed" or said.actor in by):
            raise RecordError(f"{owed.reference}: {_decided(row)}")
        by.append(said.actor)
        state = "proposed" if needs_second and len(by) == 1 else "decided"
        values = {
            "state": state,
            "decided_by": by,
            "decided_on": said.now.date() if state == "decided" else None,
            "note": said.note,
        }
        if row is None:
            more = {
                "debt_id": owed.id,
                "proposed_on": said.now.date(),
                "recorded_at": said.now,
                "why": why,
            }
            handovers.add(record.connection, {**values, **more})
        else:
            handovers.change(record.connection, row.id, **values)
        return _told(record, Event.HANDOVER_DECIDED, {"state": state, "decisions": len(by)})


def refuse(database: Database, who: str, debt: str, said: Said, *, why: str) -> Recorded:
    """It is not handed over; nobody is asked again for now."""
    _require_why(why)
    with recording(database, who, said, debts=[debt]) as record:
        [owed] = record.debts
        row = handovers.standing(record.connection, owed.id)
        if row is not None and row.state != "proposed":
            raise RecordError(
                f"{owed.reference}: {_decided(row)}; `dispatcher handover withdraw` takes that back"
            )
        end = {"state": "refused", "ended_on": said.now.date(), "note": why}
        if row is None:
            more = {"debt_id": owed.id, "proposed_on": said.now.date(), "recorded_at": said.now}
            handovers.add(record.connection, {**end, **more})
        else:
            handovers.change(record.connection, row.id, **end)
        return _told(record, Event.HANDOVER_REFUSED, {"state": "refused"}, why=why)


def withdraw(database: Database, who: str, debt: str, said: Said, *, why: str) -> Recorded:
    """A decision is taken back: no final notice goes out, or the debt comes back from counsel."""
    _require_why(why)
    with recording(database, who, said, debts=[debt]) as record:
        [owed] = record.debts
        row = handovers.standing(record.connection, owed.id)
        if row is None:
            raise RecordError(f"{owed.reference}: nobody decided to hand it over")
        handovers.change(
            record.connection, row.id, state="withdrawn", ended_on=said.now.date(), exported_at=None, note=why
        )
        return _told(record, Event.HANDOVER_WITHDRAWN, {"state": "withdrawn"}, why=why)


def check_hand_over(
    connection: Connection, debt_id: int, reference: str, on: date, *, needs_notice: bool, without_notice: str = ""
) -> Any:  # fmt: skip
    """The row of a debt that may go to counsel on a day; raises RecordError that says what stands against it.

    Where its strategy has a final notice, that must be out and the day that it names must have come: what it says is
    a deadline, and goes for us too. `without_notice`: why somebody passes it on all the same.
    """
    row = handovers.standing(connection, debt_id)
    if row is None or row.state not in handovers.TO_GO:
        raise RecordError(f"{reference}: {_decided(row) if row else 'nobody decided to hand it over'}")
    _may_go(connection, debt_id, on)
    if without_notice.strip():
        return row
    if row.state == "decided" and needs_notice:
        raise RecordError(
            f"{reference}: its final notice has not gone out yet; the next runs send it as its ladder comes to it, "
            "or `--without-notice WHY` says why counsel gets the debt at once"
        )
    if row.hand_over_on is not None and row.hand_over_on > on:
        raise RecordError(
            f"{reference}: its final notice of {row.notified_on} names {row.hand_over_on}, so it stays until then"
        )
    return row


def hand_over(
    database: Database, who: str, debt: str, said: Said, *, needs_notice: bool, without_notice: str = ""
) -> Recorded:
    """Write down that counsel has it; raises RecordError where something stands against it now."""
    with recording(database, who, said, debts=[debt]) as record:
        [owed] = record.debts
        row = check_hand_over(
            record.connection, owed.id, owed.reference, said.now.date(),
            needs_notice=needs_notice, without_notice=without_notice,
        )  # fmt: skip
        handovers.set_exported(record.connection, row.id, said.now)
        personal = {"why": without_notice} if without_notice.strip() else {}
        return _told(record, Event.HANDED_OVER, {"state": "handed_over"}, **personal)


def follow_ledger(connection: Connection, creditor_ids: Sequence[int], watcher: Watcher) -> None:
    """A ledger's decisions are decisions, and end where it no longer says so; what people decided here stands."""
    gone = handovers.taken_back_by_ledger(connection, creditor_ids)
    for key in gone:
        handovers.change(
            connection, key, state="withdrawn", ended_on=watcher.as_of, note="the ledger says so no longer"
        )
    _log(connection, gone, Event.HANDOVER_WITHDRAWN, watcher)
    fresh = handovers.decided_by_ledger(connection, creditor_ids, watcher.as_of)
    handovers.add_all(
        connection,
        [
            {
                "debt_id": row.id,
                "state": "decided",
                "why": "the ledger says so",
                "proposed_on": row.handover_decided_on,
                "decided_on": row.handover_decided_on,
                "decided_by": [handovers.LEDGER],
                "recorded_at": watcher.now,
            }
            for row in fresh
        ],
    )
    rows = handovers.of_debts(connection, [row.id for row in fresh])
    _log(connection, [row.id for row in rows], Event.HANDOVER_DECIDED, watcher)


def note_notices(
    connection: Connection,
    steps: Collection[tuple[str, str]],
    days_of: Callable[[str], int],
    watcher: Watcher,
) -> int:
    """Bring decided debts to what their final notices came to; how many changed.

    `steps`: (strategy, step) of final notices; `days_of`: how many days after a creditor's notice a debt goes.
    """
    rows = handovers.listed(connection, handovers.TO_GO)
    out = handovers.notices_out(connection, [row.debt_id for row in rows], steps)
    told, changed = [], 0
    for row in rows:
        day = out.get(row.debt_id)
        since = day if day is not None and day >= row.decided_on else None
        if since == row.notified_on:
            continue
        changed += 1
        if since is None:  # it came back: nothing was announced
            handovers.change(connection, row.id, state="decided", notified_on=None, hand_over_on=None)
        else:
            named = since + timedelta(days=days_of(row.key))
            handovers.change(connection, row.id, state="notified", notified_on=since, hand_over_on=named)
            told.append(row.id)
    _log(connection, told, Event.HANDOVER_NOTIFIED, watcher)
    return changed


def _may_go(connection: Connection, debt_id: int, on: date) -> None:
    debt = load_debts(connection, [debt_id], as_of=on)[debt_id]
    if not debt.is_open(on) or debt.balance.minor <= 0:
        raise RecordError(f"{debt.reference}: nothing is owed on it")
    if debt.disputed_on is not None and debt.disputed_on <= on:
        raise RecordError(f"{debt.reference} is disputed since {debt.disputed_on}: answer that first")
    if debt.time_barred_on is not None and debt.time_barred_on <= on:
        raise RecordError(
            f"{debt.reference} is time-barred since {debt.time_barred_on}: no court takes it; "
            "`dispatcher handover refuse` says so"
        )
    standing = arrangements.open_on_debts(connection, [debt_id])
    if standing:
        raise RecordError(f"{debt.reference}: arrangement {standing[0]} stands on it")


def _require_why(why: str) -> None:
    if not why.strip():
        raise RecordError("say why: it is kept, and the log names it")


def _decided(row: Any) -> str:
    by = ", ".join(row.decided_by)
    if row.state == "proposed":
        return f"{by} decided already; a second person must"
    return f"it is {row.state.replace('_', ' ')} already (decided on {row.decided_on} by {by})"


def _told(record: Recording, event: Event, details: dict[str, Any], **personal: Any) -> Recorded:
    record.log(event, details, **personal)
    return Recorded(
        fact="handover", debtor=record.debtor.full_reference, debts=record.debt_references, details=details
    )


def _log(connection: Connection, ids: Collection[int], event: Event, watcher: Watcher) -> None:
    """An entry a debt, of what facts decided and no person."""
    rows = handovers.of_ids(connection, ids) if ids else []
    about = []
    for row in rows:
        named = {"debtor": f"{row.key}/{row.debtor}", "debts": [f"{row.key}/{row.reference}"]}
        leaves = {"hand_over_on": row.hand_over_on.isoformat()} if row.hand_over_on else {}
        entry = watcher.entry(event, row.person, row.key, {"state": row.state, **leaves})
        about.append((named, [entry]))
    delivery_log.append_about(connection, about)
