"""A home with three debtors, one a channel, whose first reminders wait to be sent to the mocks."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Table, select

from dispatcher.bootstrap import Dispatcher
from dispatcher.database.engine import open_database
from dispatcher.database.tables.delivery import attempts, stops, tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import opt_outs
from dispatcher.database.tables.portfolio import contact_points, debtors
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.settings import load_settings
from dispatcher.worker.daily_run import dispatch_due, run_today
from tests.migrated import begin
from tests.outside_channels.mock_providers import Provider
from tests.outside_channels.mock_relay import PASSWORD, USER, MockRelay

AS_OF = date(2026, 11, 16)
NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)  # a Monday, noon in New York
API_KEY = "SG.key-of-the-outside-check.aaaa"
ACCOUNT, TOKEN = "AC" + "5" * 32, "twilio-token-of-the-outside-check"
LOB_KEY, LOB_SECRET = "live_key-of-the-outside-check", "lob-secret-of-the-outside-check"
NUMBER = "+15005550006"
SECRETS = (API_KEY, TOKEN, LOB_KEY, LOB_SECRET, PASSWORD)

ENDS = {"accepted", "rejected", "retry", "unknown", "expired"}

COLUMNS = (
    "creditor,debtor_reference,debtor_name,debtor_kind,language,country,region,postal_code,city,address_line_1,"
    "email,phone,phone_label,sms_consent_on,debt_reference,currency,original_amount,balance,due_date,issued_on"
)
EMAIL_ONLY = "acme,E-1,Ellen Mail,person,en,US,US-NY,10001,New York,,ellen@debtors.example,,,,D-E1,USD,120.00,120.00,2026-11-10,2026-10-01"
SMS_ONLY = "acme,S-1,Sam Phone,person,en,US,US-NY,10001,New York,,,+12125550106,mobile,2026-01-05,D-S1,USD,44.00,44.00,2026-11-10,2026-10-01"
LETTER_ONLY = "acme,L-1,Lena Letter,person,en,US,US-NY,10001,New York,7 Sample Lane,,,,,D-L1,USD,33.00,33.00,2026-11-10,2026-10-01"
THREE = (EMAIL_ONLY, SMS_ONLY, LETTER_ONLY)


@dataclass
class Clock:
    """A clock that stands until it is put forward."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass(frozen=True, kw_only=True)
class Logged:
    """One log entry: its word and what it adds."""

    event: str
    details: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Providers:
    """The mocks of one test run."""

    sendgrid: Provider
    twilio: Provider
    lob: Provider
    relay: MockRelay

    def settings(self, email: str = "sendgrid") -> dict[str, Any]:
        """What `DISPATCHER_CHANNELS__*` would say."""
        mail: dict[str, Any] = {"provider": "sendgrid", "base_url": self.sendgrid.url, "api_key": API_KEY}
        if email == "smtp":
            mail = {"provider": "smtp", "host": "127.0.0.1", "port": self.relay.port, "tls": "none"}
            mail |= {"username": USER, "password": PASSWORD}
        sms = {"provider": "twilio", "base_url": self.twilio.url, "account_sid": ACCOUNT, "auth_token": TOKEN}
        letter = {
            "provider": "lob",
            "base_url": self.lob.url,
            "api_key": LOB_KEY,
            "webhook_secret": LOB_SECRET,
        }
        parts = {"email": mail, "sms": {**sms, "from": NUMBER}, "letter": letter}
        return {name: {**part, "timeout": 0.5} for name, part in parts.items()}

    def forget(self) -> None:
        for one in (self.sendgrid, self.twilio, self.lob, self.relay):
            one.forget()


@dataclass
class Home:
    """A home whose clocks stand still: the business clock, and the one of leases and breakers."""

    folder: Path
    channels: Mapping[str, Any]
    now: Clock = field(default_factory=lambda: Clock(NOON))
    real: Clock = field(default_factory=lambda: Clock(datetime.now(UTC)))
    more: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Open, as a new process would: breakers and connections are fresh."""
        settings = load_settings(home=self.folder, channels=self.channels, **self.more)
        database = open_database(settings.effective_database_url)
        self.house = Dispatcher(
            settings=settings, database=database, now=self.now, real_now=self.real, clock_is_set=True
        )

    def again(self) -> "Home":
        """Close and open."""
        self.house.close()
        self.open()
        return self

    def take_in(self, *rows: str, on: date = AS_OF) -> None:
        """Import these rows of a portfolio."""
        file = self.folder / "portfolio.csv"
        file.write_text("\n".join((COLUMNS, *rows)) + "\n", encoding="utf-8")
        rejects = self.folder / "rejects"
        done = import_portfolio(
            self.house.database,
            ImportRequest(
                file=file,
                as_of=on,
                now=self.real(),
                actor="test",
                rejects=rejects / "rejects.csv",
                warnings=rejects / "warnings.csv",
            ),
        )
        assert not list(rejects.glob("rejects.csv")), done

    def run(self, on: date = AS_OF, *, wait: bool = True) -> dict[str, int]:
        """The daily run; how many came to what."""
        return dict(run_today(self.house, on, actor="test", wait=wait).totals)

    def dispatch(self) -> dict[str, int]:
        """What `dispatcher dispatch` does."""
        return dict(dispatch_due(self.house, actor="test"))

    def rows(self, table: Table, **where: Any) -> list[Row[Any]]:
        query = select(table).order_by(*table.primary_key.columns)
        for name, value in where.items():
            query = query.where(table.c[name] == value)
        with self.house.database.reading() as connection:
            return list(connection.execute(query).all())

    def message(self, channel: str) -> Row[Any]:
        """The newest message of a channel."""
        return self.rows(messages, channel=channel)[-1]

    def events(self, message_id: str) -> list[str]:
        return [row.event for row in self.rows(log_entries, message_id=message_id)]

    def last_end(self, message_id: str) -> Logged:
        """How the log says the newest attempt of a message ended."""
        row = [row for row in self.rows(log_entries, message_id=message_id) if row.event in ENDS][-1]
        return Logged(event=row.event, details=json.loads(row.entry).get("details") or {})

    def closed_addresses(self) -> list[str]:
        return [row.address for row in self.rows(contact_points) if row.closed_at is not None]

    def opted_out(self) -> list[tuple[str, str]]:
        return [(row.address, row.medium) for row in self.rows(opt_outs) if row.revoked_at is None]

    def stopped(self) -> list[str]:
        return [f"{row.scope} {row.name}" for row in self.rows(stops) if row.resumed_at is None]

    def open_tasks(self) -> list[str]:
        return [row.kind for row in self.rows(tasks) if row.done_at is None]

    def ends(self, message_id: str) -> list[str]:
        """How each attempt of a message ended."""
        return [row.outcome for row in self.rows(attempts, message_id=message_id)]

    def debtor_of(self, reference: str) -> int:
        return int(self.rows(debtors, reference=reference)[0].id)

    def close(self) -> None:
        self.house.close()


def new_home(folder: Path, channels: Mapping[str, Any], rows: Iterable[str], **more: Any) -> Home:
    """A home with these debtors, nothing planned."""
    folder.mkdir(parents=True)
    home = Home(folder=folder, channels=channels, more=more)
    begin(home.house.database)
    home.take_in(*rows)
    return home


def copy_of(template: Path, folder: Path, channels: Mapping[str, Any], **more: Any) -> Home:
    """A home of one's own, made from a closed one."""
    shutil.copytree(template, folder)
    return Home(folder=folder, channels=channels, more=more)
