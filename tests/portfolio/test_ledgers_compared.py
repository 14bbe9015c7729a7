"""Each ledger is compared with the one before: absent is not empty, an empty cell ends no protection, a jump is asked about."""

import shutil
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.database.engine import open_database
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.people import facts_versions, holds
from dispatcher.database.tables.portfolio import contact_points, debtors, debts, ledgers
from dispatcher.people.recording import Said
from dispatcher.people.release_hold import release
from dispatcher.portfolio.compare_ledgers import LedgerRefused, refused_ledgers
from dispatcher.portfolio.domain.portfolio_columns import PROTECTIONS
from tests.portfolio.books import (
    LEDGER_DAY,
    NOW,
    a_file,
    a_mapping_of,
    a_row,
    an_import,
    many,
    rejects,
    rows_of,
    warnings,
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SAID = {
    "cease_received_on": "2026-11-01", "bankrupt_on": "2026-10-01", "deceased_on": "2026-10-02",
    "breathing_space_until": "2027-01-31", "represented_by": "Smith LLP", "disputed_on": "2026-11-02",
}  # fmt: skip
NEXT = LEDGER_DAY + timedelta(days=1)


def versions(database):
    return {
        row.subject: row.version for row in rows_of(database, facts_versions) if row.part == "contact_points"
    }


def without(row, *columns):
    return {name: value for name, value in row.items() if name not in columns}


def standing(database):
    return sorted(hold.kind for hold in rows_of(database, holds) if hold.released_at is None)


def protections(database):
    """(debtor, kind) of everything that protects somebody: what the ledger says, and holds that stand."""
    with_names = {row.id: row.reference for row in rows_of(database, debtors)}
    found = set()
    for row in rows_of(database, debtors):
        found |= {(row.reference, kind) for column, kind in PROTECTIONS.items() if getattr(row, column, None)}
    for row in rows_of(database, debts):
        found |= {(with_names[row.debtor_id], "dispute")} if row.disputed_on else set()
    for row in rows_of(database, holds):
        found |= {(with_names[row.debtor_id], row.kind)} if row.released_at is None else set()
    return found


def test_a_column_that_is_missing_says_nothing(database, tmp_path):
    row = a_row(
        sender_role="third_party", language="en", authorised_channels="none", time_zone="America/New_York"
    )
    an_import(database, a_file(tmp_path, row))
    left = without(row, "country", "region", "sender_role", "email", "debtor_name", "language")
    report = an_import(database, a_file(tmp_path, left | {"balance": "60.00"}), as_of=NEXT)
    [debtor], [debt] = rows_of(database, debtors), rows_of(database, debts)
    assert (debtor.country, debtor.region, debtor.name, debtor.language) == ("US", "NY", "Ana Pérez", "en")
    assert (debt.sender_role, debt.balance_minor, debtor.authorised_channels) == ("third_party", 6000, [])
    assert {p.address for p in rows_of(database, contact_points) if p.in_ledger} == {
        "ana@debtors.example",
        "+12125550100",
    }
    assert any("gone since the last ledger" in said for said in report.differences)


@pytest.mark.parametrize("column", list(SAID))
def test_a_protective_column_that_is_gone_refuses_the_file_and_its_people_stay_protected(
    database, tmp_path, column
):
    row = a_row(**{column: SAID[column]})
    an_import(database, a_file(tmp_path, row))
    renamed = without(row, column) | {"Renamed": SAID[column], "balance": "60.00"}
    with pytest.raises(LedgerRefused, match=rf"{column} \(1 filled\); new beside them: Renamed"):
        an_import(database, a_file(tmp_path, renamed), as_of=NEXT)
    assert rows_of(database, debts)[0].balance_minor == 12050

    report = an_import(
        database, a_file(tmp_path, renamed), as_of=NEXT, accept=frozenset({"columns"}), why="new export"
    )
    assert (report.applied, rows_of(database, debts)[0].balance_minor) == (True, 6000)
    assert ("07", PROTECTIONS[column]) in protections(database)


@pytest.mark.parametrize("column", list(SAID))
def test_an_empty_cell_ends_no_protection_and_leaves_a_task(database, tmp_path, column):
    an_import(database, a_file(tmp_path, a_row(**{column: SAID[column]})))
    report = an_import(database, a_file(tmp_path, a_row(**{column: ""})), as_of=NEXT)
    assert (report.still_protected, report.needs_somebody) == (1, True)
    assert standing(database) == [PROTECTIONS[column]]
    [task] = rows_of(database, tasks)
    assert (task.kind, "no longer in the ledger" in task.text) == ("no_longer_in_ledger", True)

    again = an_import(database, a_file(tmp_path, a_row(**{column: ""})), as_of=NEXT + timedelta(days=1))
    assert (again.still_protected, len(rows_of(database, tasks))) == (0, 1)

    release(
        database, "acme/07", PROTECTIONS[column], Said(now=NOW, actor="ana", note="the creditor confirmed it")
    )
    assert protections(database) == set()


@pytest.mark.parametrize("column", list(SAID))
def test_an_empty_cell_ends_what_a_mapping_says_it_ends(database, tmp_path, column):
    mapping = a_mapping_of(tmp_path, empty_ends=[column])
    an_import(database, a_file(tmp_path, a_row(**{column: SAID[column]})), mapping=mapping)
    an_import(database, a_file(tmp_path, a_row(**{column: ""})), mapping=mapping, as_of=NEXT)
    assert protections(database) == set()


def test_what_the_ledger_says_again_needs_no_hold_beside_it(database, tmp_path):
    disputed, empty = a_row(disputed_on="2026-11-02"), a_row(disputed_on="")
    for i, row in enumerate((disputed, empty, disputed)):
        an_import(database, a_file(tmp_path, row), as_of=LEDGER_DAY + timedelta(days=i))
    assert (standing(database), rows_of(database, debts)[0].disputed_on) == ([], date(2026, 11, 2))


@pytest.mark.parametrize(
    "column", [*SAID, "settled_on", "promise_date", "country", "sender_role", "authorised_channels"]
)
def test_a_protection_that_cannot_be_read_holds_the_debt_and_refuses_no_row(database, tmp_path, column):
    value = "x" * 600 if column == "represented_by" else "yes, in March"
    file = a_file(tmp_path, a_row(**{column: value}))
    report = an_import(database, file)
    assert (report.imported, report.refused, report.held) == (1, 0, 1)
    assert standing(database) == ["protection_unreadable"]
    assert [w["column"] for w in warnings(file)] == [column]
    an_import(database, a_file(tmp_path, a_row(**({column: SAID[column]} if column in SAID else {}))), as_of=NEXT,
              accept=frozenset({"columns"}), why="test")  # fmt: skip
    assert "protection_unreadable" not in standing(database)


@pytest.mark.parametrize(
    "column", ["language", "time_zone", "preferred_channel", "original_amount", "notice_sent_on"]
)
def test_a_bad_optional_value_is_left_aside_and_costs_nothing_else(database, tmp_path, column):
    file = a_file(tmp_path, a_row(**{column: "???"}))
    report = an_import(database, file)
    assert (report.imported, report.refused, report.held) == (1, 0, 0)


SPOILT = ["1930438491.0", "1930438491,00", "01930438491", "1 930 438 491", "1,930,438,491", "'1930438491"]


@pytest.mark.parametrize("spelling", SPOILT)
@pytest.mark.parametrize("column", ["debt_reference", "debtor_reference"])
def test_a_reference_in_another_spelling_is_no_new_one(database, tmp_path, column, spelling):
    an_import(database, a_file(tmp_path, a_row(**{column: "1930438491"})))
    file = a_file(tmp_path, a_row(**{column: spelling}))
    report = an_import(database, file, as_of=NEXT)
    assert (report.refused, len(rows_of(database, debts)), len(rows_of(database, debtors))) == (1, 1, 1)
    assert standing(database) == ["row_refused"]
    assert "another spelling" in rejects(file)[0]["reason"]


@pytest.mark.parametrize("reference", ["1.93044E+09", "1,93044E+09", "2E+12", "1.9e12"])
def test_a_reference_that_a_spreadsheet_rounded_is_refused(database, tmp_path, reference):
    assert an_import(database, a_file(tmp_path, a_row(debt_reference=reference))).refused == 1
    assert rows_of(database, debts) == []


def test_two_references_that_differ_by_zeros_alone_may_both_be_real(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row(debt_reference="12")))
    both = a_file(tmp_path, a_row(debt_reference="12"), a_row(debt_reference="0012", balance="5.00"))
    assert an_import(database, both, as_of=NEXT).refused == 0
    assert len(rows_of(database, debts)) == 2


def test_a_debt_under_a_new_number_is_held_until_somebody_looks(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row()))
    an_import(database, a_file(tmp_path, a_row(debt_reference="INV-77")), as_of=NEXT)
    assert standing(database) == ["looks_renumbered"]


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("keys", lambda row: row | {"debt_reference": row["debt_reference"].lower()}),
        ("balances", lambda row: row | {"balance": row["balance"].replace(".", "")}),
        ("due_dates", lambda row: row | {"due_date": "2026-11-30"}),
        ("currencies", lambda row: row | {"currency": "EUR"}),
        ("debtors", lambda row: row | {"debtor_reference": f"X{row['debtor_reference']}"}),
        ("refused", lambda row: row | {"balance": "??"}),
        ("emptied", lambda row: row | {"country": "", "region": ""}),
    ],
)
def test_what_jumps_refuses_the_file_until_somebody_says_that_it_is_meant(database, tmp_path, name, spoil):
    rows = many(120)
    an_import(database, a_file(tmp_path, *rows))
    before = [row.digest for row in rows_of(database, debts)]
    odd = a_file(tmp_path, *[spoil(row) for row in rows])
    with pytest.raises(LedgerRefused) as refused:
        an_import(database, odd, as_of=NEXT)
    assert name in {finding.name for finding in refused.value.findings}
    assert [row.digest for row in rows_of(database, debts)] == before
    assert f"--accept {name}" in str(refused.value)
    accepted = frozenset(finding.name for finding in refused.value.findings)
    assert an_import(database, odd, as_of=NEXT, accept=accepted, why="a new system").applied


def years_off(row, number, years):
    """Due on a day of its own, so many years from the one that it has."""
    return row | {"due_date": f"{2026 + years}-{number % 12 + 1:02}-{number % 28 + 1:02}"}


@pytest.mark.parametrize("years", [-2, 36])
def test_debts_whose_age_changed_by_years_refuse_the_file_however_few_moved_alike(database, tmp_path, years):
    rows = many(120)
    an_import(database, a_file(tmp_path, *rows))
    aged = [years_off(row, i, years) if i % 5 == 0 else row for i, row in enumerate(rows)]
    with pytest.raises(LedgerRefused, match="24 of 120 debts changed their age by a year or more") as refused:
        an_import(database, a_file(tmp_path, *aged), as_of=NEXT)
    assert [finding.name for finding in refused.value.findings] == ["ages"]


def test_new_debts_of_quite_another_age_than_the_last_ledgers_refuse_the_file(database, tmp_path):
    rows = many(240)
    an_import(database, a_file(tmp_path, *rows[:120]))
    odd = a_file(tmp_path, *(years_off(row, i, 36) for i, row in enumerate(rows[120:])))
    with pytest.raises(
        LedgerRefused, match="the middle debt was due 16 days before the ledger's day"
    ) as refused:
        an_import(database, odd, as_of=NEXT)
    assert [finding.name for finding in refused.value.findings if finding.refuses] == ["ages"]
    months = a_file(tmp_path, *(row | {"due_date": "2026-03-31"} for row in rows[120:]))
    assert an_import(database, months, as_of=NEXT).applied


def test_a_whole_ledger_that_lost_its_half_is_refused_and_a_small_one_is_not(database, tmp_path):
    rows = many(120)
    an_import(database, a_file(tmp_path, *rows), full=True)
    with pytest.raises(LedgerRefused, match="60 of 120 known debts are not in this ledger"):
        an_import(database, a_file(tmp_path, *rows[:60]), as_of=NEXT, full=True)
    # the last days of a month may lose more
    an_import(
        database,
        a_file(tmp_path, *rows[:60]),
        as_of=date(2026, 11, 30),
        full=True,
        accept=frozenset({"vanished"}),
        why="x",
    )
    assert sum(not debt.in_ledger for debt in rows_of(database, debts)) == 60


def test_new_debts_beyond_the_limit_are_imported_and_held(database, tmp_path):
    rows = many(250)
    an_import(database, a_file(tmp_path, *rows[:110]))
    report = an_import(database, a_file(tmp_path, *rows), as_of=NEXT)
    assert (report.debts.new, report.held, [f.name for f in report.findings]) == (140, 140, ["appeared"])


def test_after_a_refusal_what_the_file_shows_as_paid_or_protected_is_left_out_until_a_good_one(
    database, tmp_path
):
    rows = [row | {"disputed_on": ""} for row in many(3)]
    rows[0]["disputed_on"] = "2026-11-02"
    an_import(database, a_file(tmp_path, *rows))
    paid = [rows[0], rows[1] | {"balance": "0.00", "settled_on": "2026-11-17"}, rows[2]]
    odd = a_file(tmp_path, *[without(row, "disputed_on") for row in paid])
    with pytest.raises(LedgerRefused):
        an_import(database, odd, as_of=NEXT)
    assert standing(database) == ["refused_ledger"]
    [sentence] = refused_ledgers(database)
    assert "acme" in sentence
    assert "columns" in sentence
    assert [row.state for row in rows_of(database, ledgers)] == ["imported", "refused"]

    an_import(database, a_file(tmp_path, *paid), as_of=NEXT)
    assert (standing(database), refused_ledgers(database)) == ([], [])


def test_an_address_that_three_people_share_is_not_used_and_one_human_at_two_creditors_is_one(
    database, tmp_path
):
    people = [
        a_row(debtor_reference=f"D{i}", debt_reference=f"R{i}", email="Shop@x.example", phone="")
        for i in range(3)
    ]
    names = ["Ana Pérez", "PEREZ, ANA", "Ben Other"]
    rows = [row | {"debtor_name": name} for row, name in zip(people, names, strict=True)]
    an_import(database, a_file(tmp_path, *rows))
    assert {p.stand_in for p in rows_of(database, contact_points)} == {""}
    third = a_row(creditor="other", debtor_name="Carla Third", email="shop@X.example", phone="")
    report = an_import(database, a_file(tmp_path, third))
    assert report.stand_ins == 1
    assert all("3 different people" in p.stand_in for p in rows_of(database, contact_points))

    before = versions(database)
    again = a_row(creditor="third", debtor_name="Carla Third", email="shop@x.example", phone="")
    an_import(database, a_file(tmp_path, again))

    assert all("3 different people" in p.stand_in for p in rows_of(database, contact_points))
    assert versions(database).items() >= before.items(), "what is said of the others already is not said anew"


def test_two_files_of_one_creditor_do_not_wipe_each_other(database, tmp_path):
    (tmp_path / "customers.yaml").write_text(
        "rows: people\nfields:\n  creditor: \"'acme'\"\n  debtor_reference: Number\n  debtor_name: Name\n  email: Mail\n"
    )
    (tmp_path / "invoices.yaml").write_text(
        "fields:\n  creditor: \"'acme'\"\n  debtor_reference: Customer\n  debt_reference: Invoice\n  currency: \"'USD'\"\n  balance: Open\n  due_date: Due\n"
    )
    from dispatcher.rulebook.mappings import load_mapping

    people, invoices = (load_mapping(tmp_path, name) for name in ("customers", "invoices"))
    customers = a_file(
        tmp_path, {"Number": "7", "Name": "Ana", "Mail": "ana@debtors.example"}, name="customers.csv"
    )
    open_items = a_file(
        tmp_path, {"Customer": "7", "Invoice": "1", "Open": "5.00", "Due": "2026-10-31"}, name="invoices.csv"
    )
    for file, mapping in (
        (customers, people),
        (open_items, invoices),
        (customers, people),
        (open_items, invoices),
    ):
        an_import(database, file, mapping=mapping, full=mapping is invoices)
    [debtor], [debt] = rows_of(database, debtors), rows_of(database, debts)
    assert (debtor.name, debt.balance_minor, debt.in_ledger, debt.balance_as_of) == (
        "Ana",
        500,
        True,
        LEDGER_DAY,
    )
    assert [p.in_ledger for p in rows_of(database, contact_points)] == [True]


def test_of_each_debt_it_is_known_how_old_its_balance_is(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row(), a_row(debt_reference="0002")))
    an_import(database, a_file(tmp_path, a_row()), as_of=NEXT)
    assert {d.reference: d.balance_as_of for d in rows_of(database, debts)} == {
        "0001": NEXT,
        "0002": LEDGER_DAY,
    }


CELLS = st.fixed_dictionaries({column: st.sampled_from(["", value]) for column, value in SAID.items()})


@given(a=CELLS, b=CELLS, absent=st.sets(st.sampled_from(list(SAID))))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_protected_somebody_ends_without_a_word(
    sqlite_template, tmp_path_factory, database_url, a, b, absent
):
    folder = tmp_path_factory.mktemp("ledgers")
    shutil.copy(sqlite_template, folder / "dispatcher.db")
    database = open_database(f"sqlite:///{folder / 'dispatcher.db'}")
    try:
        an_import(database, a_file(folder, a_row(**a)))
        before = protections(database)
        second = without(a_row(**b), *absent)
        an_import(database, a_file(folder, second), as_of=NEXT, accept=frozenset({"columns"}), why="property")
        assert before <= protections(database)
    finally:
        database.close()
