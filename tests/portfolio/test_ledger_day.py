"""The day of a ledger stands in its file's name, in whatever form people write it; what is not understood is refused."""

from datetime import date

import pytest

from dispatcher.database.engine import Database
from dispatcher.database.tables.portfolio import debts
from dispatcher.portfolio.compare_ledgers import LedgerRefused
from dispatcher.portfolio.domain.ledger_day import day_in_name, days_in_name
from dispatcher.portfolio.find_ledger_day import day_in_column
from dispatcher.rulebook.mappings import read_mapping
from tests.portfolio.books import LEDGER_DAY, a_file, a_row, a_text_file, an_import, rows_of

TODAY = date(2026, 11, 17)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("ledger-2026-11-10", date(2026, 11, 10)),
        ("ledger_20261110", date(2026, 11, 10)),
        ("2026_11_10 open items", date(2026, 11, 10)),
        ("open items 10-11-2026", date(2026, 11, 10)),
        ("OPOS 10.11.2026", date(2026, 11, 10)),
        ("report 11-16-2026", date(2026, 11, 16)),  # there is no sixteenth month
        ("report_20261001_20261031", date(2026, 10, 31)),
        ("report_2026-10-01_2026-10-31", date(2026, 10, 31)),
        ("customers", None),
        ("ledger-0012345678", None),
    ],
)
def test_the_usual_forms_are_read_and_of_a_period_its_end(name, day):
    assert day_in_name(name, TODAY) == day


@pytest.mark.parametrize("name", ["ledger-2026-02-31", "ledger_20261350", "ledger 32-11-2026"])
def test_what_looks_like_a_date_and_is_none_is_refused(name):
    with pytest.raises(ValueError, match="looks like a date and is none"):
        day_in_name(name, TODAY)


def test_a_day_that_has_not_come_is_refused():
    with pytest.raises(ValueError, match="has not come yet"):
        day_in_name("ledger-2026-11-18", TODAY)


@pytest.mark.parametrize(
    ("days", "day"),
    [
        (["2026-11-10", "2026-11-10"], date(2026, 11, 10)),
        (["", "2026-11-10"], date(2026, 11, 10)),
        (["", ""], None),
    ],
)
def test_a_column_of_the_file_says_its_day(tmp_path, days, day):
    rows = [a_row(debt_reference=str(i), ledger_as_of=said) for i, said in enumerate(days)]
    assert day_in_column(a_file(tmp_path, *rows), TODAY) == day


def test_a_file_without_that_column_or_that_is_no_table_says_none(tmp_path):
    assert day_in_column(a_file(tmp_path, a_row()), TODAY) is None
    assert day_in_column(a_text_file(tmp_path, "nothing\n"), TODAY) is None


def test_a_mapping_says_which_column_holds_the_day_and_in_what_form(tmp_path):
    mapping = read_mapping("date_format: DD.MM.YYYY\nfields:\n  ledger_as_of: Stichtag\n", "opos")
    assert day_in_column(a_file(tmp_path, a_row(Stichtag="10.11.2026")), TODAY, mapping) == date(2026, 11, 10)


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (["2026-11-10", "2026-11-11"], "line 3: ledger_as_of is 2026-11-11 here and 2026-11-10 above"),
        (["10/11/2026"], "line 2: ledger_as_of '10/11/2026': not a date like 2012-03-01"),
        (["2026-11-18"], "has not come yet"),
    ],
)
def test_a_column_that_says_no_one_day_is_refused(tmp_path, days, why):
    rows = [a_row(debt_reference=str(i), ledger_as_of=said) for i, said in enumerate(days)]
    with pytest.raises(ValueError, match=why):
        day_in_column(a_file(tmp_path, *rows), TODAY)


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("ledger_20261110", {date(2026, 11, 10)}),
        ("open items 10-11-2026", {date(2026, 11, 10), date(2026, 10, 11)}),
        ("report_20261001_20261031", {date(2026, 10, 31)}),
        ("report 01-10-2026 31-10-2026", {date(2026, 10, 31)}),
        ("ledger_20261350", set()),
        ("customers", set()),
    ],
)
def test_a_name_may_mean_the_month_before_the_day_and_of_a_period_only_its_end(name, days):
    assert days_in_name(name) == days


@pytest.mark.parametrize(
    "name", ["ledger_20261116.csv", "open items 11-16-2026.csv", "ledger_20261350.csv", "customers.csv"]
)
def test_a_stated_day_that_a_name_does_not_contradict_is_taken(database: Database, tmp_path, name):
    assert an_import(database, a_file(tmp_path, a_row(), name=name)).as_of == LEDGER_DAY


@pytest.mark.parametrize(
    "name", ["ledger_20261110.csv", "report_20261101_20261130.csv", "ledger_20261117.csv"]
)
def test_a_stated_day_that_a_name_contradicts_refuses_the_file_at_every_door(
    database: Database, tmp_path, name
):
    with pytest.raises(LedgerRefused, match="by its name, and 2026-11-16 was stated"):
        an_import(database, a_file(tmp_path, a_row(), name=name))
    assert rows_of(database, debts, debts.c.reference) == []


def test_a_stated_day_that_the_file_s_own_column_contradicts_refuses_it(database: Database, tmp_path):
    file = a_file(tmp_path, a_row(ledger_as_of="2026-11-10"))
    with pytest.raises(LedgerRefused, match="is of 2026-11-10 by its column ledger_as_of, and 2026-11-16"):
        an_import(database, file)
    an_import(database, file, as_of=date(2026, 11, 10))
    assert len(rows_of(database, debts, debts.c.reference)) == 1
