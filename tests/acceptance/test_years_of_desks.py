"""A year of desks in six places, written, rendered and sent: nothing is asked for before its notice and its days.

The suite lives the American one on a few days; `DEEP=1` lives all, day by day for two months and then weekly.
"""

import csv
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.portfolio import debtors
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.settings import load_settings
from dispatcher.worker.daily_run import run_today
from dispatcher.writing.letters.reading import read_letter
from tests.builders import mark_unsent
from tests.conftest import DEEP
from tests.shared import ROOT

DUE = date(2026, 3, 2)  # a Monday
COLLECTOR = {"role": "third_party", "creditor_name": "Bank Two", "creditor_address": "2 Lender Road, Boston"}
AUTHORITY = {"name": "Aufsicht", "address": "Amtsweg 1, 10115 Berlin"}
SENDERS = {
    "us": COLLECTOR, "on": COLLECTOR, "de": {**COLLECTOR, "supervisors": {"DE": AUTHORITY}},
    "fr": COLLECTOR, "be": {"registration": "0123.456.749"}, "nl": {},
}  # fmt: skip
LADDERS = {  # the notice by its first channel that reaches them, then day: template
    "us": ("letter", {"notice": "validation", "template": "validation-notice"}, {12: "second-reminder", 30: "payment-plan-offer"}),
    "on": ("email", {"template": "first-notice"}, {3: "first-reminder", 12: "second-reminder", 30: "payment-plan-offer"}),
    "de": ("email", None, {3: "first-reminder", 12: "second-reminder", 30: "payment-plan-offer"}),
    "fr": ("letter", {"template": "first-notice"}, {8: "second-reminder", 30: "payment-plan-offer"}),
    "be": ("letter", {"template": "first-notice"}, {3: "first-reminder", 30: "second-reminder"}),
    "nl": ("email", {"template": "first-notice"}, {3: "first-reminder", 30: "second-reminder"}),
}  # fmt: skip
ITEMIZED = {
    "itemization_date": "2026-01-02", "itemization_creditor": "Bank of Rockville", "itemization_amount": "100.00",
    "itemization_interest": "15.00", "itemization_fees": "10.00", "itemization_credits": "5.00",
}  # fmt: skip
PLACES = {
    "us": {"country": "US", "region": "IL", "city": "Springfield", "postal_code": "62701", "currency": "USD", **ITEMIZED},
    "on": {"country": "CA", "region": "ON", "city": "Toronto", "postal_code": "M5V 2T6", "currency": "CAD"},
    "de": {"country": "DE", "region": "BE", "city": "Berlin", "postal_code": "10117", "currency": "EUR",
           "claim_reason": "Stromlieferung, Vertrag vom 3. Februar 2024"},
    "fr": {"country": "FR", "region": "IDF", "city": "Paris", "postal_code": "75002", "currency": "EUR",
           "basis": "contrat du 3 mai 2024"},
    "be": {"country": "BE", "region": "BRU", "city": "Bruxelles", "postal_code": "1000", "currency": "EUR",
           "penalty": "4 % par an", "product": "abonnement de février 2026"},
    "nl": {"country": "NL", "region": "UT", "city": "Utrecht", "postal_code": "3511 AB", "currency": "EUR"},
}  # fmt: skip
PEOPLE = {  # creditor/debtor -> what differs
    "us/whole": {"language": "en"},
    "us/spanish": {"language": "es"},
    "us/silent": {
        "language": "en",
        "itemization_fees": "",
    },  # nobody says whether there were any: never written to
    "on/whole": {"language": "en"},
    "de/whole": {"language": "de"},
    "de/silent": {"language": "de", "claim_reason": ""},
    "fr/whole": {"language": "fr"},
    "be/walloon": {"language": "fr"},
    "be/fleming": {"language": "nl"},
    "be/silent": {"language": "fr", "penalty": ""},
    "nl/whole": {"language": "nl"},
}
NOTICED = date(2026, 3, 3)
BOUNCED = ("us/whole", "on/whole")  # their first notices come back on the day they went out
YEAR = {  # (day, step) of everything that left the building in a year
    "us/whole": [(NOTICED, "notice"), (date(2026, 3, 4), "notice"), (date(2026, 3, 15), "day12"), (date(2026, 4, 2), "day30")],
    "us/spanish": [(NOTICED, "notice"), (date(2026, 3, 14), "day12"), (date(2026, 4, 1), "day30")],
    "us/silent": [],
    "on/whole": [(NOTICED, "notice"), (date(2026, 3, 4), "notice"), (date(2026, 3, 10), "day3"), (date(2026, 3, 16), "day12"), (date(2026, 4, 2), "day30")],
    "de/whole": [(date(2026, 3, 5), "day3"), (date(2026, 3, 14), "day12"), (date(2026, 4, 1), "day30")],
    "de/silent": [],
    "fr/whole": [(NOTICED, "notice"), (date(2026, 3, 10), "day8"), (date(2026, 4, 1), "day30")],
    "be/walloon": [(NOTICED, "notice"), (date(2026, 3, 20), "day3"), (date(2026, 4, 16), "day30")],
    "be/fleming": [(NOTICED, "notice"), (date(2026, 3, 20), "day3"), (date(2026, 4, 16), "day30")],
    "be/silent": [],
    "nl/whole": [(NOTICED, "notice"), (date(2026, 3, 5), "day3"), (date(2026, 4, 1), "day30")],
}  # fmt: skip
SAID = {  # in the first message and in every later one but a notice that is sent again
    "us/whole": ("We are trying to collect a debt that you owe to Bank Two", "This communication is from a debt collector."),
    "us/spanish": ("Tratamos de cobrar una deuda que usted tiene con Bank Two", "Este mensaje es de un cobrador de deudas."),
    "on/whole": ("This is a written notice.", "sent you this message on behalf of Bank Two"),
    "de/whole": ("Zuständige Aufsichtsbehörde von Acme Home Services Inc.: Aufsicht", "im Auftrag von Bank Two"),
    "fr/whole": ("exerce une activité de recouvrement amiable", "fait suite à notre lettre du 3 mars 2026"),
    "be/walloon": ("Ce premier rappel est gratuit", "vous adresse ce message"),
    "be/fleming": ("Deze eerste herinnering is gratis", "stuurt u dit bericht"),
    "nl/whole": ("stuurt u dit bericht", "stuurt u dit bericht"),
}  # fmt: skip
COARSE = [NOTICED, *(date(2026, 3, day) for day in (4, 14, 15)), date(2026, 4, 1), date(2026, 4, 2)]
DAILY = [DUE + timedelta(n) for n in (*range(1, 61), *range(67, 366, 7))]
WHO = [who for who in PEOPLE if DEEP or who.startswith("us/")]


def write_config(folder: Path) -> None:
    """Six creditors, each with a ladder of its own, and no others."""
    shutil.copytree(ROOT / "config", folder, ignore=shutil.ignore_patterns("strategies"))
    (folder / "strategies").mkdir()
    senders = yaml.safe_load((folder / "senders.yaml").read_text(encoding="utf-8"))
    acme = senders["senders"]["acme"]
    senders["senders"] = {key: {**acme, **more} for key, more in SENDERS.items()}
    (folder / "senders.yaml").write_text(yaml.safe_dump(senders, allow_unicode=True), encoding="utf-8")
    for key, (channel, notice, later) in LADDERS.items():
        step = {"channels": [channel], "valid_days": 5}
        steps = [{"name": "notice", "kind": "notice", "day": 1, **step, **notice}] if notice else []
        steps += [
            {"name": f"day{day}", "kind": "collection", "day": day, **step, "template": template}
            for day, template in later.items()
        ]
        ladder = {"name": key, "match": {"creditor": [key]}, "steps": steps}
        (folder / "strategies" / f"{key}.yaml").write_text(yaml.safe_dump(ladder), encoding="utf-8")


def write_ledger(file: Path) -> None:
    rows = []
    for who in WHO:
        changes = PEOPLE[who]
        key, _, name = who.partition("/")
        rows.append({
            "creditor": key, "debtor_reference": name, "debt_reference": f"{key}-{name}", "debtor_name": "Ana Perez",
            "address_line_1": "1 Main Street", "email": f"{name}@{key}.example", "balance": "120.00",
            "due_date": DUE.isoformat(), "debt_type": "consumer", "sender_role": SENDERS[key].get("role", ""),
            "time_barred_on": "2031-01-01", **PLACES[key], **changes,
        })  # fmt: skip
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=columns)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[Dispatcher]:
    write_config(tmp_path / "config")
    write_ledger(tmp_path / "ledger.csv")
    settings = load_settings(home=tmp_path / "home", config_dir=tmp_path / "config")
    house = open_dispatcher(settings, now=datetime(2026, 3, 2, 15, tzinfo=UTC))
    try:
        import_portfolio(
            house.database,
            ImportRequest(
                file=tmp_path / "ledger.csv", as_of=DUE, now=house.real_now(), actor="test",
                rejects=tmp_path / "rejects.csv", warnings=tmp_path / "warnings.csv",
            ),
        )  # fmt: skip
        yield house
    finally:
        house.close()


def live(house: Dispatcher, day: date) -> None:
    """A day's run at four in the afternoon in Berlin, nine in the morning in Illinois; first notices come back."""
    house.now = lambda: datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    run_today(house, day, actor="test")
    if day == NOTICED:
        mark_unsent(
            house.database, [row[2] for who in BOUNCED for row in went(house).get(who, [])], state="bounced"
        )


def went(house: Dispatcher) -> dict[str, list[tuple[date, str, str]]]:
    """Who -> (day, step, id) of every message that left the building, by day."""
    shown = select(
        messages.c.id,
        messages.c.sent_at,
        messages.c.step,
        debtors.c.reference,
        messages.c.template,
        messages.c.strategy,
    )
    query = shown.join_from(messages, debtors, debtors.c.id == messages.c.recipient_id)
    found: dict[str, list[tuple[date, str, str]]] = {who: [] for who in WHO}
    with house.database.reading() as connection:
        for row in connection.execute(
            query.where(messages.c.sent_at.is_not(None)).order_by(messages.c.sent_at)
        ):
            found[f"{row.strategy}/{row.reference}"].append((row.sent_at.date(), row.step, row.id))
    return found


def words(house: Dispatcher, message: str) -> str:
    """What a message said, spaces made plain."""
    outbox = house.home / "outbox"
    paper = outbox / f"{message}.pdf"
    if paper.exists():
        return " ".join(read_letter(paper.read_bytes()).text.split())
    mail = message_from_bytes((outbox / f"{message}.eml").read_bytes(), policy=policy.default)
    return " ".join(mail.get_body(("plain",)).get_content().split())


def test_a_year_of_desks_asks_for_nothing_before_its_notice_and_its_days(desks: Dispatcher) -> None:
    for day in (
        DAILY if DEEP else COARSE
    ):  # every day, or those on which something is due, an early one among them
        live(desks, day)
    sent = went(desks)
    assert {who: [(day, step) for day, step, _ in rows] for who, rows in sent.items()} == {
        who: YEAR[who] for who in WHO
    }
    for who, (first, later) in SAID.items():
        for number, (_, step, message) in enumerate(sent.get(who, [])):
            assert (first if number == 0 or step == "notice" else later) in words(desks, message), (who, step)
    told = [words(desks, message) for _, step, message in sent["us/whole"] if step == "notice"]
    assert (
        "Call or write to us by April 16, 2026, to dispute" in told[0]
    )  # ten business days, then thirty days
    assert (
        "Call or write to us by April 17, 2026, to dispute" in told[1]
    )  # anew from the day it went out again
