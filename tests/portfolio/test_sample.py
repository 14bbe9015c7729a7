import csv
from collections import Counter
from datetime import date

import pytest

from dispatcher.database.tables.portfolio import contact_points, debt_parties, debtors, debts
from dispatcher.portfolio.sample.sample_people import AWKWARD_NAMES
from dispatcher.portfolio.sample.sample_portfolio import SAMPLE_AS_OF, sample_rows, write_sample_portfolio
from tests.portfolio.books import an_import, rows_of, warnings


@pytest.fixture(scope="module")
def rows():
    return list(sample_rows(debtors=300, seed=7, as_of=SAMPLE_AS_OF))


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path):
    files = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for file, seed in zip(files, (7, 7, 8), strict=True):
        write_sample_portfolio(file, seed=seed)
    a, b, c = (file.read_bytes() for file in files)
    assert a == b
    assert a != c


@pytest.mark.parametrize("name", ["sample.csv", "sample.jsonl"])
def test_the_sample_imports_without_a_single_finding(sqlite_database, tmp_path, name):
    file = tmp_path / name
    count = write_sample_portfolio(file)
    report = an_import(sqlite_database, file, as_of=SAMPLE_AS_OF)
    assert (report.rows, report.imported, report.refused, report.warnings) == (count, count, 0, 0)
    assert warnings(file) == []


def test_both_forms_of_the_sample_say_the_same(sqlite_database, tmp_path):
    write_sample_portfolio(tmp_path / "sample.csv")
    write_sample_portfolio(tmp_path / "sample.jsonl")
    an_import(sqlite_database, tmp_path / "sample.csv")
    before = _values(sqlite_database)
    report = an_import(sqlite_database, tmp_path / "sample.jsonl")
    assert (report.debts.new, report.debtors.new, report.contact_points_changed) == (0, 0, 0)
    assert _values(sqlite_database) == before


def _values(database):
    """All that is known, but for the digests: a JSON line is silent on what it leaves out, which they contain."""
    return [
        [{k: v for k, v in row._mapping.items() if k != "digest"} for row in rows_of(database, table)]
        for table in (debtors, debts, contact_points)
    ]


def test_the_sample_has_what_a_real_book_has(rows):
    debtors_seen = {row["debtor_reference"]: row for row in rows}
    first_rows = [row for reference, row in debtors_seen.items() if "-" not in reference]
    assert len(first_rows) == 300
    assert {row["country"] for row in first_rows} == {"US", "MX", "ES", "CO", "GB", "CA"}
    with_debts = [row for row in rows if row.get("debt_reference")]
    for column in (
        "disputed_on",
        "promise_date",
        "settled_on",
        "time_barred_on",
        "handover_decided_on",
        "joint_debtors",
        "guarantors",
    ):
        assert sum(1 for row in with_debts if row.get(column)) >= 3, column
    for column in (
        "cease_received_on",
        "represented_by",
        "bankrupt_on",
        "deceased_on",
        "breathing_space_until",
        "authorised_channels",
    ):
        assert any(row.get(column) for row in first_rows), column
    assert any(not row.get("email") and not row.get("phone") for row in first_rows)
    assert any(row["balance"].startswith("-") for row in with_debts)
    assert max(Counter(row["debtor_reference"] for row in with_debts).values()) >= 3


def test_awkward_names_are_in_the_sample_and_arrive_whole(rows, sqlite_database, tmp_path):
    file = tmp_path / "sample.csv"
    write_sample_portfolio(file)
    an_import(sqlite_database, file)
    names = {debtor.name for debtor in rows_of(sqlite_database, debtors)}
    assert {" ".join(name.split()) for name in AWKWARD_NAMES} <= {" ".join(name.split()) for name in names}
    assert {row["debtor_name"] for row in rows} >= set(AWKWARD_NAMES)


def test_debts_of_the_sample_have_come_to_every_step_of_the_ladder(rows):
    ages = {
        (SAMPLE_AS_OF - date.fromisoformat(row["due_date"])).days
        for row in rows
        if row.get("due_date") and not row.get("settled_on")
    }
    for step_day in (-3, 1, 3, 10, 20, 45):
        assert step_day in ages or step_day + 1 in ages, step_day


def test_nobody_in_the_sample_can_be_reached(rows):
    for row in rows:
        assert row.get("email", "@debtors.example").endswith("@debtors.example")
        if row["country"] in {"US", "CA"} and row.get("phone"):
            assert " 555 01" in row["phone"]


def test_a_larger_sample_is_made_of_the_same_kinds(sqlite_database, tmp_path):
    file = tmp_path / "big.csv"
    count = write_sample_portfolio(file, debtors=2_000, seed=3, as_of=date(2026, 3, 2))
    report = an_import(sqlite_database, file, as_of=date(2026, 3, 2))
    assert (report.imported, report.refused) == (count, 0)
    assert rows_of(sqlite_database, debt_parties)
    assert len(rows_of(sqlite_database, contact_points)) > 2_000
    with file.open(newline="", encoding="utf-8") as stream:
        assert len({row["debt_reference"] for row in csv.DictReader(stream)} - {""}) == len(
            rows_of(sqlite_database, debts)
        )
