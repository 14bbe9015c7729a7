"""Passing a debt to counsel: a person decides, or two where the strategy says so; from the export on we are silent."""

from datetime import date
from typing import Any

from dispatcher.agreements.storage import arrangements, handovers
from dispatcher.database.engine import Connection, Database
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Recorded, Recording, Said, recording
from dispatcher.people.storage.debt_files import load_debts


def decide(database: Database, who: str, debt: str, said: Said, *, needs_second: bool) -> Recorded:
    """One person's decision; the second of two must be another's. Raises RecordError for a debt that must stay."""
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
            more = {"debt_id": owed.id, "proposed_on": said.now.date(), "recorded_at": said.now}
            handovers.add(record.connection, {**values, **more})
        else:
            handovers.change(record.connection, row.id, **values)
        return _told(record, "handover_decided", {"state": state, "decisions": len(by)})


def refuse(database: Database, who: str, debt: str, said: Said, *, why: str) -> Recorded:
    """It is not handed over; nobody is asked again for now."""
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
        return _told(record, "handover_refused", {"state": "refused"}, why=why)


def withdraw(database: Database, who: str, debt: str, said: Said, *, why: str) -> Recorded:
    """A decision is taken back: no final notice goes out, or the debt comes back from counsel."""
    with recording(database, who, said, debts=[debt]) as record:
        [owed] = record.debts
        row = handovers.standing(record.connection, owed.id)
        if row is None:
            raise RecordError(f"{owed.reference}: nobody decided to hand it over")
        handovers.change(
            record.connection, row.id, state="withdrawn", ended_on=said.now.date(), exported_at=None, note=why
        )
        return _told(record, "handover_withdrawn", {"state": "withdrawn"}, why=why)


def hand_over(database: Database, who: str, debt: str, said: Said) -> Recorded:
    """Write down that counsel has it; raises RecordError where nobody decided, or something stands against it now."""
    with recording(database, who, said, debts=[debt]) as record:
        [owed] = record.debts
        row = handovers.standing(record.connection, owed.id)
        if row is None or row.state not in ("decided", "notified"):
            raise RecordError(
                f"{owed.reference}: {_decided(row) if row else 'nobody decided to hand it over'}"
            )
        _may_go(record.connection, owed.id, said.now.date())
        handovers.set_exported(record.connection, row.id, said.now)
        return _told(record, "handed_over", {"state": "handed_over"})


def _may_go(connection: Connection, debt_id: int, on: date) -> None:
    debt = load_debts(connection, [debt_id], as_of=on)[debt_id]
    if not debt.is_open(on) or debt.balance.minor <= 0:
        raise RecordError(f"{debt.reference}: nothing is owed on it")
    if debt.disputed_on is not None and debt.disputed_on <= on:
        raise RecordError(f"{debt.reference} is disputed since {debt.disputed_on}: answer that first")
    standing = arrangements.open_on_debts(connection, [debt_id])
    if standing:
        raise RecordError(f"{debt.reference}: arrangement {standing[0]} stands on it")


def _decided(row: Any) -> str:
    by = ", ".join(row.decided_by)
    if row.state == "proposed":
        return f"{by} decided already; a second person must"
    return f"it is {row.state.replace('_', ' ')} already (decided on {row.decided_on} by {by})"


def _told(record: Recording, event: str, details: dict[str, Any], **personal: Any) -> Recorded:
    record.log(event, details, **personal)
    return Recorded(
        fact="handover", debtor=record.debtor.full_reference, debts=record.debt_references, details=details
    )
