"""Every zone of the program comes from the tzdata package, wherever it is asked for."""

import subprocess
import sys
from datetime import UTC, date, datetime
from importlib.resources import files

from dispatcher.gate.facts import Action, ContactFacts, DebtFacts, ZoneCandidate
from dispatcher.gate.gate import decide
from dispatcher.gate.rule_book import RuleBook
from dispatcher.values.zones import DAY, Zone, day_number, instant, zone

AMERICAN = ("US", "PR", "VI", "GU", "AS", "MP")


def test_zones_come_from_the_package_even_where_the_system_offers_others(tmp_path):
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Madrid").write_bytes(b"not a zone file")
    code = (
        "import dispatcher; from zoneinfo import ZoneInfo; from datetime import datetime;"
        "print(datetime(2026, 11, 23, 12, tzinfo=ZoneInfo('Europe/Madrid')).utcoffset())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONTZPATH": str(tmp_path), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "1:00:00", done.stderr


def test_a_day_that_no_zone_table_reaches_costs_no_table() -> None:
    new_york = Zone("America/New_York", zone("America/New_York")._info)
    now = instant(datetime(2026, 11, 4, 15, tzinfo=UTC))
    assert (
        new_york.day_start(now, day_number(date(2999, 1, 1))) == day_number(date(2999, 1, 1)) * DAY + 5 * 3600
    )
    assert new_york._table[1] < instant(datetime(2035, 1, 1, tzinfo=UTC))


def test_a_debt_due_at_the_end_of_time_has_no_instant(book: RuleBook) -> None:
    facts = ContactFacts(
        now=datetime(2026, 11, 4, 15, tzinfo=UTC),
        action=Action(channel="letter", debts=("D1",)),
        zones=(ZoneCandidate(source="residence", zone="America/New_York"),),
        debt=DebtFacts(due=date.max),
    )
    decision = decide(facts, book.named(["DEFAULT", "US-DC"]))
    assert (decision.outcome, [reason.rule for reason in decision.reasons]) == (
        "block",
        ["not-before-due", "no-instant"],
    )


def test_the_house_rule_knows_the_american_zones_as_the_package_does(book: RuleBook) -> None:
    lines = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text().splitlines()
    american = {line.split("\t")[2] for line in lines if line.startswith(AMERICAN)}
    (house,) = book.named(["DEFAULT"])
    (recipients,) = (rule.guard for rule in house.rules if rule.id == "recipients")
    assert recipients.zones == american
