"""Makes the sample portfolio: a small book of invented debtors in six countries, the same for the same seed."""

import csv
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from dispatcher.portfolio.sample.sample_people import AWKWARD_NAMES, COUNTRIES, Country, Place
from dispatcher.values.money import exponent

SAMPLE_AS_OF = date(2026, 11, 16)
SAMPLE_DEBTORS = 300
CREDITOR = "acme"
COLUMNS = (
    "creditor", "debtor_reference", "debtor_name", "debtor_kind", "language", "country", "region", "city",
    "postal_code", "address_line_1", "address_line_2", "time_zone", "email", "email_label", "email_consent_on",
    "phone", "phone_label", "sms_consent_on", "preferred_channel", "authorised_channels", "represented_by",
    "cease_received_on", "bankrupt_on", "deceased_on", "breathing_space_until", "segment", "debt_reference",
    "debt_type", "sender_role", "currency", "original_amount", "balance", "issued_on", "due_date", "settled_on",
    "disputed_on", "promise_date", "promise_amount", "time_barred_on", "notice_sent_on", "handover_decided_on",
    "joint_debtors", "guarantors", "contract", "product",
)  # fmt: skip
_ADDRESS = (
    "country",
    "region",
    "city",
    "postal_code",
    "address_line_1",
    "address_line_2",
    "time_zone",
    "language",
)
_PRODUCTS = ("broadband", "heating plan", "furniture", "dental plan", "gym", "repair")
# Days from the due date to the as-of date. Together they meet every step of the ladder, now or in a replay.
_AGES = (
    -30,
    -14,
    -3,
    -3,
    -2,
    -1,
    0,
    1,
    1,
    2,
    3,
    5,
    8,
    10,
    11,
    14,
    20,
    21,
    27,
    30,
    33,
    45,
    46,
    50,
    61,
    75,
    95,
    130,
)

Row = dict[str, str]


def write_sample_portfolio(
    path: Path, *, debtors: int = SAMPLE_DEBTORS, seed: int = 7, as_of: date = SAMPLE_AS_OF
) -> int:
    """Write the sample as CSV (JSON lines for .jsonl); returns the number of rows."""
    rows = list(sample_rows(debtors=debtors, seed=seed, as_of=as_of))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        if path.suffix == ".jsonl":
            for row in rows:
                filled = {name: value for name, value in row.items() if value}
                stream.write(json.dumps(filled, ensure_ascii=False) + "\n")
        else:
            writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return len(rows)


def sample_rows(*, debtors: int, seed: int, as_of: date) -> Iterator[Row]:
    """The rows of the sample, columns as `docs/portfolio_file.md` has them."""
    made = _Maker(random=Random(seed), as_of=as_of)  # noqa: S311 a seed that anybody may know
    for number in range(1, debtors + 1):
        yield from made.household(number)


@dataclass
class _Maker:
    random: Random
    as_of: date
    phones: dict[str, int] = field(default_factory=dict)
    debts: int = 0

    def household(self, number: int) -> Iterator[Row]:
        """A debtor with debts, and with them whoever owes a debt as well."""
        country = self._country()
        debtor = self._debtor(number, country)
        rows = [
            {**debtor, **self._debt(country, debtor)} for _ in range(self.random.choice((1, 1, 1, 2, 2, 3)))
        ]
        yield from self._others(number, country, debtor, rows[0])
        if self._chance(7):
            rows.append({**debtor, **self._credit(country)})
        yield from rows

    def _country(self) -> Country:
        countries = list(COUNTRIES.values())
        return self.random.choices(countries, [country.share for country in countries])[0]

    def _debtor(self, number: int, country: Country) -> Row:
        place = self.random.choice(country.places)
        company = self._chance(14)
        name = self._name(number, country, company=company)
        row = {
            "creditor": CREDITOR,
            "debtor_reference": f"{number:05}",
            "debtor_name": name,
            "debtor_kind": "company" if company else "person",
            "language": place.language or country.language,
            "country": country.code,
            "region": place.region,
            "segment": self.random.choice(("new", "regular", "regular", "long-standing")),
            **self._address(country, place),
            **self._reachable(number, name, place),
        }
        return {**row, **self._status(country)}

    def _name(self, number: int, country: Country, *, company: bool) -> str:
        if number % 18 == 0 and number // 18 <= len(AWKWARD_NAMES):
            return AWKWARD_NAMES[number // 18 - 1]
        if company:
            return self.random.choice(country.companies)
        names = [self.random.choice(country.first_names), self.random.choice(country.last_names)]
        if country.code in {"MX", "ES", "CO"}:
            names.append(self.random.choice(country.last_names))
        return " ".join(names)

    def _address(self, country: Country, place: Place) -> Row:
        if self._chance(5):
            return {
                "city": place.city,
                "postal_code": self.random.choice(place.postal_codes),
            }  # no letter can go there
        street = country.street_form.format(
            number=self.random.randint(1, 240), street=self.random.choice(country.streets)
        )
        return {
            "address_line_1": street,
            "address_line_2": "Apt 4B" if country.code == "US" and self._chance(20) else "",
            "city": place.city,
            "postal_code": self.random.choice(place.postal_codes),
        }

    def _reachable(self, number: int, name: str, place: Place) -> Row:
        row: Row = {}
        if not self._chance(9):
            row["email"] = f"{_mailbox(name)}.{number}@debtors.example"
            row["email_label"] = "work" if self._chance(4) else ""
            row["email_consent_on"] = self._day(-700, -60) if self._chance(85) else ""
        if not self._chance(18):
            row["phone"] = self._phone(place)
            row["phone_label"] = place.label
            row["sms_consent_on"] = self._day(-50, -5) if place.label == "mobile" and self._chance(70) else ""
        if self._chance(12):
            row["preferred_channel"] = self.random.choice(("email", "sms", "letter"))
        return row

    def _status(self, country: Country) -> Row:
        """What keeps a person from being written to: about one in eight has something."""
        if country.code == "CO":
            return {"authorised_channels": self.random.choice(("email;sms", "email;sms;letter", "email", ""))}
        if not self._chance(12):
            return {}
        happened = self._day(-40, -2)
        ahead = self._day(10, 50)
        return self.random.choice(
            (
                {"cease_received_on": happened},
                {"represented_by": "Alder & Finch, attorneys, +1 212 555 0190"},
                {"bankrupt_on": happened},
                {"deceased_on": happened},
                {"breathing_space_until": ahead},
                {"authorised_channels": "none"},
                {"authorised_channels": "letter"},
                {"authorised_channels": "email"},
            )
        )

    def _debt(self, country: Country, debtor: Row) -> Row:
        age = self.random.choice(_AGES)
        due = self.as_of - timedelta(days=age)
        amount = self._amount(country)
        paid = amount * Decimal("0.4") if self._chance(15) else Decimal(0)
        row = self._new_debt(country, amount, due) | {
            "balance": _plain(amount - paid, country.currency),
            "debt_type": "commercial" if debtor["debtor_kind"] == "company" else "consumer",
        }
        return {**row, **self._events(age, due, row["balance"])}

    def _new_debt(self, country: Country, amount: Decimal, due: date) -> Row:
        self.debts += 1
        return {
            "debt_reference": f"{self.debts:010}",
            "sender_role": "original_creditor",
            "currency": country.currency,
            "original_amount": _plain(amount, country.currency),
            "issued_on": (due - timedelta(days=30)).isoformat(),
            "due_date": due.isoformat(),
            "contract": f"C-{self.random.randint(10_000, 99_999)}",
            "product": self.random.choice(_PRODUCTS),
        }

    def _events(self, age: int, due: date, balance: str) -> Row:
        row: Row = {}
        if age > 40:
            row["handover_decided_on"] = self._day(-8, -1) if self._chance(60) else ""
        if age > 90 and self._chance(25):
            row["time_barred_on"] = self._day(-30, -1)
        if age < 1:
            return row
        dice = self.random.randint(1, 100)
        if dice <= 12:
            row["disputed_on"] = min(due + timedelta(days=5), self.as_of).isoformat()
        elif dice <= 22:
            row["promise_date"] = self._day(-6, 12)
            row["promise_amount"] = balance
        elif dice <= 36:
            row["settled_on"] = min(due + timedelta(days=self.random.randint(0, 20)), self.as_of).isoformat()
        return row

    def _credit(self, country: Country) -> Row:
        amount = -(self._amount(country) / 4)
        row = self._new_debt(country, amount, self.as_of - timedelta(days=self.random.randint(2, 30)))
        return {**row, "balance": row["original_amount"], "debt_type": "consumer", "product": "credit note"}

    def _others(self, number: int, country: Country, debtor: Row, first: Row) -> Iterator[Row]:
        """Rows of their own for a joint debtor or a guarantor, named in the first debt's row."""
        for column, relation, chance in (("joint_debtors", "J", 11), ("guarantors", "G", 5)):
            if debtor["debtor_kind"] == "person" and self._chance(chance):
                name = f"{self.random.choice(country.first_names)} {debtor['debtor_name'].split()[-1]}"
                place = next(p for p in country.places if p.region == debtor["region"])
                row = {
                    "creditor": CREDITOR,
                    "debtor_reference": f"{number:05}-{relation}",
                    "debtor_kind": "person",
                }
                row |= {name: debtor[name] for name in _ADDRESS if debtor.get(name)}
                row |= {"debtor_name": name, **self._reachable(number, f"{name} {relation}", place)}
                first[column] = row["debtor_reference"]
                yield row

    def _amount(self, country: Country) -> Decimal:
        cents = self.random.randint(country.unit * 10, country.unit * 400)
        return Decimal(cents) / 100 if country.currency != "COP" else Decimal(cents // 100)

    def _phone(self, place: Place) -> str:
        used = self.phones.get(place.phone, 0)
        self.phones[place.phone] = used + 1
        return place.phone.replace("##", f"{used % 100:02}")

    def _day(self, earliest: int, latest: int) -> str:
        return (self.as_of + timedelta(days=self.random.randint(earliest, latest))).isoformat()

    def _chance(self, percent: int) -> bool:
        return self.random.randint(1, 100) <= percent


def _plain(amount: Decimal, currency: str) -> str:
    return f"{amount:.{exponent(currency)}f}"


def _mailbox(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", ".", ascii_name).strip(".")[:40].strip(".") or "debtor"
