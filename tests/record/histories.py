"""Makes lawful histories of the log: entries with personal values and bodies, as the services write them."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert

from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import creditors, debtors, debts
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.messages.storage import contents
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.values.money import Money

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


class Log:
    """A database with the files that belong to its log."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.keys = SealingKeys(home / "keys")
        self.journal = SealJournal(home / "seals.jsonl")
        self.home = home


def person(number: int) -> str:
    """The pseudonym of the debtor D-<number>."""
    return f"{number:032x}"


def add_debtors(connection: Connection, count: int, *, first: int = 1) -> None:
    """Creditor `acme` with debtors D-1 … and a debt each."""
    if first == 1:
        connection.execute(insert(creditors).values(id=1, key="acme"))
    numbers = range(first, first + count)
    connection.execute(
        insert(debtors),
        [
            {
                "id": n,
                "person": person(n),
                "creditor_id": 1,
                "reference": f"D-{n}",
                "name": f"Ana {n}",
                "language": "es",
                "country": "US",
            }
            for n in numbers
        ],
    )
    connection.execute(
        insert(debts),
        [
            {
                "id": n,
                "creditor_id": 1,
                "debtor_id": n,
                "reference": f"INV-{n}",
                "currency": "USD",
                "balance_minor": 12_050,
                "due_date": date(2026, 2, 1),
            }
            for n in numbers
        ],
    )


def add_message(
    connection: Connection,
    number: int,
    at: datetime = NOW,
    *,
    outcome: str = "delivered",
    packs: tuple[str, ...] = ("default@1",),
    **details: str,
) -> str:
    """One message to D-<number>, planned, sent and answered; returns its id."""
    message_id = str(uuid.UUID(int=random.Random(f"{number}{at}").getrandbits(128)))
    address = f"ana{number}@debtors.example"
    values = {
        "debtor": f"acme/D-{number}",
        "debts": [f"acme/INV-{number}"],
        "address": address,
        "name": f"Ana {number}",
    }
    [(personal_id, commitment)] = delivery_log.keep_personal(connection, [(person(number), values)])
    text = f"Ana {number}, un mensaje de Acme: su importe pendiente. Llámenos. {at.isoformat()}"
    body = contents.Content.of(f"To: {address}\r\n\r\n{text}".encode(), "message/rfc822", text)
    contents.keep(connection, [body], now=at)
    events = {"planned": 0, "queued": 1, "attempting": 2, "accepted": 3, outcome: 60}
    connection.execute(
        insert(messages).values(
            id=message_id, creditor_id=1, recipient_id=number, as_of=at.date(), step="first-reminder", kind="collection",
            channel="email", address=address, template="first-reminder", template_version=1, state=outcome, currency="USD",
            balance_minor=12_050, expires_at=at + timedelta(days=3), content_sha256=body.sha256, personal_id=personal_id,
            commitment=commitment, created_at=at, updated_at=at, provider="folder", provider_id=f"prov-{message_id}",
        )
    )  # fmt: skip
    connection.execute(
        insert(attempts).values(
            message_id=message_id, number=1, began_at=at, real_began_at=at, provider="folder", content_sha256=body.sha256
        )
    )  # fmt: skip
    delivery_log.append(
        connection,
        [
            LogEntry(
                event=event, at=at + timedelta(seconds=seconds), actor="run", as_of=at.date(), message_id=message_id,
                person=person(number), creditor="acme", step="first-reminder", kind="collection", channel="email",
                template="first-reminder", template_version=1, rule_packs=packs, balance=Money(12_050, "USD"),
                days_past_due=29, zones=("America/New_York",), body_sha256=body.sha256 if seconds > 1 else None,
                provider="folder" if seconds > 2 else None, provider_id=f"prov-{message_id}" if seconds > 2 else None,
                personal_id=personal_id, commitment=commitment, details=details if event == "queued" else {},
            )
            for event, seconds in events.items()
        ],
    )  # fmt: skip
    return message_id


def add_refusal(connection: Connection, number: int, at: datetime = NOW, rule: str = "contact-hours") -> None:
    """A decision not to write to D-<number>."""
    values = {"debtor": f"acme/D-{number}", "debts": [f"acme/INV-{number}"]}
    [(personal_id, commitment)] = delivery_log.keep_personal(connection, [(person(number), values)])
    reason = {
        "pack": "us-regf",
        "rule": rule,
        "decision": "block",
        "reference": "12 CFR 1006.6(b)",
        "detail": "07:30",
    }
    delivery_log.append(
        connection,
        [
            LogEntry(
                event="blocked", at=at, actor="run", person=person(number), creditor="acme", channel="sms", decision="block",
                reasons=(reason,), personal_id=personal_id, commitment=commitment, zones=("America/New_York",), as_of=at.date(),
            )
        ],
    )  # fmt: skip
