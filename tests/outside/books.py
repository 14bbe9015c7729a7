"""What the checker knows of a portfolio: its own plain records, the real book, and books made up from a seed."""

import csv
import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

IBM_COUNTRY = {"391": "US", "406": "US", "770": "MX", "818": "US", "897": "CO"}


@dataclass(frozen=True, kw_only=True)
class Person:
    """A debtor of one creditor. `reach`: the channels on which there is an address."""

    key: str  # creditor/reference
    zones: tuple[str, ...]
    reach: frozenset[str]
    preferred: str = ""
    columns: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class Debt:
    """A row of the ledger; a negative balance is a credit."""

    key: str  # creditor/reference
    owner: str
    balance: Decimal
    currency: str
    due: date
    issued: date | None = None
    settled: date | None = None
    disputed: date | None = None
    promised: date | None = None
    joint: tuple[str, ...] = ()
    guarantors: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict, hash=False)

    def is_open(self, day: date) -> bool:
        return (self.issued is None or self.issued <= day) and (self.settled is None or day < self.settled)


@dataclass(frozen=True, kw_only=True)
class Book:
    """One state of a ledger."""

    people: dict[str, Person]
    debts: dict[str, Debt]


def zones_of(country: str) -> tuple[str, ...]:
    """Every zone of a country, by the table of the tzdata package."""
    rows = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8").splitlines()
    return tuple(row.split("\t")[2] for row in rows if row.split("\t")[0] == country)


def american(text: str) -> date:
    month, day, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


def ibm(path: Path) -> Book:
    """The public accounts-receivable sample, read without the product's mapping."""
    people: dict[str, Person] = {}
    debts: dict[str, Debt] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            owner, key = f"ibm/{row['customerID']}", f"ibm/{row['invoiceNumber']}"
            code = row["countryCode"]
            people[owner] = Person(
                key=owner,
                zones=zones_of(
                    IBM_COUNTRY[code]
                ),  # it names no more than the country; the zone beside it joins
                reach=frozenset({"email"}),
                columns={"country": IBM_COUNTRY[code], "debtor_kind": "company"},
            )
            issued = american(row["InvoiceDate"])
            assert key not in debts
            debts[key] = Debt(
                key=key,
                owner=owner,
                balance=Decimal(row["InvoiceAmount"]),
                currency="USD",
                due=american(row["DueDate"]),
                issued=issued,
                settled=american(row["SettledDate"]),
                disputed=issued if row["Disputed"] == "Yes" else None,
                columns={"debt_type": "commercial"},
            )
    return Book(people=people, debts=debts)


# Places whose zone nobody disputes; the telephone numbers lie in the same zone.
PLACES = [
    ("US", "US-NY", "America/New_York", "10001", "New York", "+1 212 555 {:04d}"),
    ("US", "US-CA", "America/Los_Angeles", "90012", "Los Angeles", "+1 213 555 {:04d}"),
    ("MX", "MX-CMX", "America/Mexico_City", "06600", "Ciudad de Mexico", "+52 55 5555 {:04d}"),
    ("CO", "CO-DC", "America/Bogota", "110111", "Bogota", ""),
    ("GB", "GB-LND", "Europe/London", "SW1A 1AA", "London", ""),
    ("AU", "AU-NSW", "Australia/Sydney", "2000", "Sydney", ""),
    ("JP", "JP-13", "Asia/Tokyo", "100-0001", "Tokyo", ""),
    ("IN", "IN-MH", "Asia/Kolkata", "400001", "Mumbai", ""),
]


def made_up(seed: int, first: date, *, people: int = 24, debts: int = 60) -> Book:
    """A small portfolio with joint debtors, guarantors, credit notes, disputes, promises and settlements."""
    chance = random.Random(seed)
    persons = [_person(chance, number) for number in range(people)]
    by_creditor: dict[str, list[Person]] = {"acme": [], "ibm": []}
    for person in persons:
        by_creditor[person.key.partition("/")[0]].append(person)
    rows = [_debt(chance, number, chance.choice(persons), by_creditor, first) for number in range(debts)]
    return Book(people={p.key: p for p in persons}, debts={d.key: d for d in rows})


def _person(chance: random.Random, number: int) -> Person:
    country, region, zone, postal, city, phone = chance.choice(PLACES)
    reference = f"P{number:03d}"
    columns = {
        "debtor_reference": reference,
        "creditor": chance.choice(["acme", "acme", "ibm"]),
        "debtor_name": f"Person Number{number}",
        "debtor_kind": chance.choice(["person", "person", "company"]),
        "language": chance.choice(["en", "en", "es"]),
        "country": country,
        "region": region,
        "segment": chance.choice(["", "gold", "silver"]),
        "time_zone": chance.choice([zone, zone, ""]),
        "preferred_channel": chance.choice(["", "", "", "email", "sms", "letter"]),
    }
    reach = set()
    if chance.random() < 0.8:
        reach.add("email")
        columns["email"] = f"person{number}@debtors.example"
    if phone and chance.random() < 0.6:
        reach.add("sms")
        columns["phone"] = phone.format(number + 100)
        columns["phone_label"] = "mobile"
    if chance.random() < 0.5:
        reach.add("letter")
        columns["address_line_1"] = f"{number + 1} Example Street"
    columns |= {"postal_code": postal, "city": city}
    return Person(
        key=f"{columns['creditor']}/{reference}",
        zones=(zone,),
        reach=frozenset(reach),
        preferred=columns["preferred_channel"],
        columns=columns,
    )


def _debt(
    chance: random.Random, number: int, owner: Person, by_creditor: dict[str, list[Person]], first: date
) -> Debt:
    creditor = owner.key.partition("/")[0]
    due = first + timedelta(days=chance.randint(-25, 35))
    issued = due - timedelta(days=chance.choice([30, 14, 5, 0, -6]))
    is_credit = chance.random() < 0.1
    others = [person.key for person in by_creditor[creditor] if person.key != owner.key]
    shared = not is_credit and others and chance.random() < 0.2
    amount = Decimal(chance.randint(100, 40000)) / 100
    return Debt(
        key=f"{creditor}/R{number:04d}",
        owner=owner.key,
        balance=-amount if is_credit else amount,
        currency=chance.choice(["USD", "USD", "EUR"]),
        due=due,
        issued=issued,
        settled=due + timedelta(days=chance.randint(1, 40)) if chance.random() < 0.3 else None,
        disputed=due + timedelta(days=chance.randint(-5, 15))
        if not is_credit and chance.random() < 0.12
        else None,
        promised=due + timedelta(days=chance.randint(2, 20))
        if not is_credit and chance.random() < 0.1
        else None,
        joint=tuple(chance.sample(others, 1)) if shared else (),
        guarantors=tuple(chance.sample(others, 1)) if shared and chance.random() < 0.5 else (),
        columns={"debt_type": chance.choice(["consumer", "commercial"])},
    )


def later(book: Book, seed: int, day: date) -> tuple[Book, set[str]]:
    """The ledger of a later day: new disputes, settlements, other balances, and debts that vanished.

    Lifted disputes and promises are tasks for a person now, and promises are arrangements: both are told elsewhere.
    """
    chance = random.Random(seed)
    debts = {}
    gone = set()
    for key, debt in book.debts.items():
        what = chance.random()
        if debt.balance <= 0:
            debts[key] = debt
        elif what < 0.06:
            gone.add(key)
        elif what < 0.16:
            debts[key] = replace(debt, disputed=debt.disputed or day)
        elif what < 0.26:
            debts[key] = replace(debt, settled=day - timedelta(days=chance.randint(0, 2)))
        elif what < 0.34 and debt.balance >= 200:
            debts[key] = replace(debt, balance=(debt.balance / 2).quantize(Decimal("0.01")))
        else:
            debts[key] = debt
    return Book(people=book.people, debts=debts), gone


HEADER = [
    "debt_reference", "creditor", "debtor_reference", "debtor_name", "debtor_kind", "language", "country", "region",
    "postal_code", "city", "address_line_1", "time_zone", "email", "phone", "phone_label", "preferred_channel", "segment",
    "currency", "balance", "due_date", "issued_on", "settled_on", "disputed_on", "promise_date", "debt_type",
    "joint_debtors", "guarantors",
]  # fmt: skip


def write(book: Book, path: Path) -> Path:
    """The book as the portfolio file of the documentation; people without debts have rows of their own."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, HEADER, restval="")
        rows.writeheader()
        for debt in book.debts.values():
            rows.writerow(book.people[debt.owner].columns | _cells(debt))
        owners = {debt.owner for debt in book.debts.values()}
        for person in book.people.values():
            if person.key not in owners:
                rows.writerow(person.columns)
    return path


def _cells(debt: Debt) -> dict[str, str]:
    days = {
        "due_date": debt.due,
        "issued_on": debt.issued,
        "settled_on": debt.settled,
        "disputed_on": debt.disputed,
        "promise_date": debt.promised,
    }
    return {
        "debt_reference": debt.key.partition("/")[2],
        "currency": debt.currency,
        "balance": str(debt.balance),
        "debt_type": debt.columns.get("debt_type", ""),
        "joint_debtors": ";".join(key.partition("/")[2] for key in debt.joint),
        "guarantors": ";".join(key.partition("/")[2] for key in debt.guarantors),
        **{name: day.isoformat() if day else "" for name, day in days.items()},
    }
