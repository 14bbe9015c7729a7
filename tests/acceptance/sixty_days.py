"""People with several debts at up to three creditors, new debts week by week, and the program replayed over them."""

import csv
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import yaml

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.runs.replay_days import ReplayRequest
from dispatcher.settings import load_settings
from dispatcher.worker.replay import replay
from tests.shared import ROOT

FIRST = date(2026, 9, 7)  # a Monday
DAYS = 60
CREDITORS = ("acme", "northwind", "zenith")
AT = time(18)  # of the daily run, UTC: by day from Mexico to London
WEEK = timedelta(days=7)
_PLACES = (
    {"country": "US", "region": "NY", "city": "Albany", "postal_code": "12201", "language": "en", "currency": "USD"},
    {"country": "US", "region": "GA", "city": "Atlanta", "postal_code": "30301", "language": "en", "currency": "USD"},
    {"country": "GB", "region": "", "city": "London", "postal_code": "N1 1AA", "language": "en", "currency": "GBP"},
    {"country": "MX", "region": "CMX", "city": "Ciudad de Mexico", "postal_code": "06600", "language": "es", "currency": "MXN"},
)  # fmt: skip
_NAMES = ("Ana", "Ben", "Carla", "Dev", "Eva", "Finn", "Gia", "Hugo", "Iris", "Jon")
_FAMILIES = ("Abbott", "Becker", "Castro", "Dunn", "Ellis", "Flores", "Grant", "Hale", "Ibarra", "Jones")
COLUMNS = (
    "creditor", "debtor_reference", "debtor_name", "debtor_kind", "language", "country", "region", "city", "postal_code",
    "address_line_1", "email", "email_consent_on", "phone", "sms_consent_on", "birth_date", "debt_reference", "debt_type",
    "currency", "original_amount", "balance", "issued_on", "due_date", "settled_on", "disputed_on", "promise_date",
    "authorised_channels", "represented_by", "cease_received_on", "bankrupt_on", "deceased_on", "breathing_space_until",
    "time_barred_on", "notice_sent_on",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Human:
    """Somebody, on record with some creditors: which channels reach them, and what keeps them back."""

    number: int
    name: str
    place: dict[str, str]
    creditors: tuple[str, ...]
    email: bool
    protected: dict[str, str] = field(default_factory=dict)  # columns of the ledger

    def reference(self) -> str:
        return f"P{self.number:05d}"


@dataclass(frozen=True, kw_only=True)
class Owed:
    """A debt: the week whose ledger names it first, and what becomes of it from which week on."""

    key: str  # creditor/reference
    human: Human
    creditor: str
    amount: Decimal
    due: date
    known_from: int  # week
    settled: date | None = None
    disputed: date | None = None
    promised: date | None = None
    partly_paid: tuple[int, Decimal] | None = None  # from that week on, so much is left

    def balance(self, week: int) -> Decimal:
        return self.partly_paid[1] if self.partly_paid and week >= self.partly_paid[0] else self.amount


@dataclass(frozen=True, kw_only=True)
class World:
    """Everybody, and all that they will owe."""

    humans: tuple[Human, ...]
    debts: tuple[Owed, ...]


def made_up(seed: int, people: int) -> World:
    """One to fifteen debts a person at one to three creditors; half of them known at the start."""
    chance = Random(seed)
    humans, debts = [], []
    for number in range(1, people + 1):
        human = _human(chance, number)
        humans.append(human)
        debts += [_debt(chance, human, n) for n in range(chance.randint(1, 15))]
    return World(humans=tuple(humans), debts=tuple(debts))


def _human(chance: Random, number: int) -> Human:
    kept = {
        1: {"deceased_on": "2026-08-01"},
        2: {"cease_received_on": "2026-08-01"},
        3: {"represented_by": "Vance LLP"},
    }
    name = f"{_NAMES[number % 10]} {_FAMILIES[number // 10 % 10]}"
    return Human(
        number=number,
        name=f"{name} {number}",
        place=chance.choice(_PLACES),
        creditors=tuple(chance.sample(CREDITORS, chance.choice((1, 1, 2, 2, 3)))),
        email=chance.random() < 0.9,
        protected=kept.get(chance.randrange(40), {}),
    )


def _debt(chance: Random, human: Human, n: int) -> Owed:
    week = 0 if chance.random() < 0.5 else chance.randint(1, (DAYS - 14) // 7)
    due = FIRST + week * WEEK + timedelta(days=chance.randint(-6 if week == 0 else -2, 12))
    amount = Decimal(chance.randint(900, 90_000)) / 100 * (20 if human.place["currency"] == "MXN" else 1)
    creditor = chance.choice(human.creditors)
    fate = chance.random()
    later = due + timedelta(days=chance.randint(2, 30))
    return Owed(
        key=f"{creditor}/D{human.number:05d}-{n:02d}",
        human=human,
        creditor=creditor,
        amount=amount,
        due=due,
        known_from=week,
        settled=later if fate < 0.25 else None,
        disputed=later if 0.25 <= fate < 0.32 else None,
        promised=later if 0.32 <= fate < 0.4 else None,
        partly_paid=(week + 2, (amount / 2).quantize(Decimal("0.01"))) if 0.4 <= fate < 0.5 else None,
    )


def ledger(world: World, week: int, file: Path) -> None:
    """Write the whole ledger of a week, as each creditor keeps it."""
    today = FIRST + week * WEEK
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.DictWriter(out, COLUMNS)
        rows.writeheader()
        rows.writerows(_row(debt, week, today) for debt in world.debts if debt.known_from <= week)


def _row(debt: Owed, week: int, today: date) -> dict[str, str]:
    human = debt.human
    known = {
        name: day.isoformat()
        for name, day in (
            ("settled_on", debt.settled),
            ("disputed_on", debt.disputed),
            (
                "promise_date",
                debt.promised if debt.promised and debt.promised - timedelta(days=5) <= today else None,
            ),
        )
        if day and (name == "promise_date" or day <= today)
    }
    return {
        "creditor": debt.creditor,
        "debtor_reference": human.reference(),
        "debtor_name": human.name,
        "debtor_kind": "person",
        **human.place,
        "address_line_1": f"{human.number} High Street",
        "email": f"p{human.number}@debtors.example" if human.email else "",
        "birth_date": f"1980-01-{human.number % 28 + 1:02d}",
        "email_consent_on": "2026-01-05" if human.email else "",
        "debt_reference": debt.key.partition("/")[2],
        "debt_type": "consumer",
        "original_amount": str(debt.amount),
        "balance": str(debt.balance(week)),
        "issued_on": (debt.due - timedelta(days=30)).isoformat(),
        "due_date": debt.due.isoformat(),
        "time_barred_on": "2032-01-01",
        **human.protected,
        **known,
    }  # fmt: skip


def open_house(home: Path) -> Dispatcher:
    """A home with a sender for each creditor, everything else as it ships."""
    config = home / "config"
    shutil.copytree(ROOT / "config", config)
    senders = yaml.safe_load((config / "senders.yaml").read_text(encoding="utf-8"))
    acme = senders["senders"]["acme"]
    for key in CREDITORS[1:]:
        senders["senders"][key] = {**acme, "name": key.capitalize(), "legal_name": f"{key.capitalize()} Inc."}
    (config / "senders.yaml").write_text(yaml.safe_dump(senders, allow_unicode=True), encoding="utf-8")
    return open_dispatcher(load_settings(home=home / "var", config_dir=config))


def replayed(house: Dispatcher, world: World, on_day: Callable[[date], None], *, days: int = DAYS) -> None:
    """Import the ledger of each week and replay its days; `on_day` looks at each when it is over."""
    for week, first in enumerate(_mondays(days)):
        file = house.home / f"week{week:02d}.csv"
        ledger(world, week, file)
        import_portfolio(
            house.database,
            ImportRequest(
                file=file,
                as_of=first,
                now=datetime.combine(first, time(5), house.real_now().tzinfo),
                actor="test",
                rejects=house.home / "rejects.csv",
                warnings=house.home / "warnings.csv",
                settings=house.import_settings,
                accept=frozenset(),
            ),
            watch=house.watch_ledger,
        )
        last = min(first + WEEK, FIRST + timedelta(days=days)) - timedelta(days=1)
        replay(
            house,
            ReplayRequest(first=first, last=last, at=AT),
            actor="test",
            on_day=lambda day, _summary: on_day(day),
        )


def _mondays(days: int) -> Iterator[date]:
    day = FIRST
    while day < FIRST + timedelta(days=days):
        yield day
        day += WEEK
