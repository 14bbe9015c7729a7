from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import contact_points, creditors, debt_parties, debtors, debts
from tests.portfolio.books import (
    LEDGER_DAY,
    NOW,
    a_file,
    a_row,
    an_import,
    entries,
    portfolio_of,
    rejects,
    rows_of,
    warnings,
)


def test_a_row_becomes_a_debtor_a_debt_and_contact_points(database, tmp_path):
    file = a_file(
        tmp_path, a_row(original_amount="1,120.50", email_consent_on="2026-01-02", phone_label="mobile")
    )

    report = an_import(database, file)

    assert (report.rows, report.imported, report.refused, report.applied) == (1, 1, 0, True)
    [debtor] = rows_of(database, debtors)
    assert (debtor.reference, debtor.name, debtor.kind, debtor.country, debtor.region) == (
        "07",
        "Ana Pérez",
        "person",
        "US",
        "NY",
    )
    [debt] = rows_of(database, debts)
    assert (debt.reference, debt.balance_minor, debt.original_minor, debt.currency) == (
        "0001",
        12050,
        112050,
        "USD",
    )
    assert (debt.issued_on, debt.due_date, debt.in_ledger, debt.paid_minor) == (
        date(2026, 10, 1),
        date(2026, 10, 31),
        True,
        0,
    )
    points = {(p.medium, p.address, p.label, p.consent_on) for p in rows_of(database, contact_points)}
    assert points == {
        ("email", "ana@debtors.example", "", date(2026, 1, 2)),
        ("phone", "+12125550100", "mobile", None),
    }


def test_the_same_file_twice_changes_nothing(database, tmp_path):
    file = a_file(
        tmp_path,
        a_row(joint_debtors="08", disputed_on="2026-11-02", contract="C-1"),
        a_row(debt_reference="0002", balance="-20.00"),
        {"creditor": "acme", "debtor_reference": "08", "debtor_name": "Luis"},
    )
    an_import(database, file)
    before = portfolio_of(database)

    report = an_import(database, file, now=NOW + timedelta(hours=1))

    assert portfolio_of(database) == before
    assert (report.debts.new, report.debts.changed, report.debts.unchanged) == (0, 0, 2)
    assert (report.debtors.new, report.debtors.changed, report.debtors.unchanged) == (0, 0, 2)
    assert report.contact_points_changed == 0


def test_a_changed_row_updates_its_debt_and_keeps_the_pseudonym(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row(), a_row(debt_reference="0002")))
    [person] = [row.person for row in rows_of(database, debtors)]

    report = an_import(
        database,
        a_file(
            tmp_path,
            a_row(balance="60.00", debtor_name="Ana P."),
            a_row(debt_reference="0002", debtor_name="Ana P."),
        ),
    )

    assert (report.debts.changed, report.debts.unchanged, report.debtors.changed) == (1, 1, 1)
    [debtor] = rows_of(database, debtors)
    assert (debtor.name, debtor.person) == ("Ana P.", person)
    assert [debt.balance_minor for debt in rows_of(database, debts)] == [6000, 12050]


def test_references_keep_their_leading_zeros_and_are_not_joined_with_others(database, tmp_path):
    an_import(
        database,
        a_file(tmp_path, a_row(debt_reference="007"), a_row(debt_reference="7"), a_row(debt_reference="07")),
    )
    assert [debt.reference for debt in rows_of(database, debts)] == ["007", "7", "07"]


def test_a_refused_row_says_line_column_value_and_reason_and_the_others_are_imported(database, tmp_path):
    file = a_file(
        tmp_path,
        a_row(),
        a_row(debt_reference="0002", balance="12,34"),
        a_row(debt_reference="0003", due_date="31/10/2026"),
        a_row(debt_reference="0004", country="Mexico", currency="XXX"),
        a_row(debt_reference="", balance="9"),
    )

    report = an_import(database, file)

    assert (report.rows, report.imported, report.refused) == (5, 1, 4)
    told = [(r["line"], r["column"], r["value"]) for r in rejects(file)]
    assert told == [
        ("3", "balance", "12,34"), ("4", "due_date", "31/10/2026"), ("5", "country", "Mexico"), ("5", "currency", "XXX"),
        ("6", "debt_reference", ""),
    ]  # fmt: skip
    assert all(r["reason"] for r in rejects(file))
    assert [debt.reference for debt in rows_of(database, debts)] == ["0001"]


def test_a_debt_whose_newest_row_is_refused_is_held_until_it_reads_well_again(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row()))

    an_import(database, a_file(tmp_path, a_row(balance="n/a")))
    [hold] = rows_of(database, holds)
    assert (hold.kind, hold.released_at, hold.debt_id) == (
        "row_refused",
        None,
        rows_of(database, debts)[0].id,
    )
    assert rows_of(database, debts)[0].balance_minor == 12050

    an_import(database, a_file(tmp_path, a_row(balance="100.00")))
    [hold] = rows_of(database, holds)
    assert hold.released_at == NOW
    assert [e["details"]["hold"] for e in entries(database, "hold_recorded")] == ["row_refused"]
    assert [e["details"]["hold"] for e in entries(database, "hold_released")] == ["row_refused"]


def test_a_strict_import_with_a_refused_row_imports_nothing(database, tmp_path):
    report = an_import(
        database, a_file(tmp_path, a_row(), a_row(debt_reference="0002", balance="")), strict=True
    )
    assert (report.applied, report.refused) == (False, 1)
    assert portfolio_of(database) == {name: [] for name in portfolio_of(database)}
    assert rows_of(database, log_entries) == []


def test_a_dry_run_says_what_would_change_and_changes_nothing(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row()))
    before = portfolio_of(database)

    report = an_import(
        database, a_file(tmp_path, a_row(balance="1.00"), a_row(debt_reference="0002")), dry_run=True
    )

    assert (report.debts.new, report.debts.changed, report.applied) == (1, 1, False)
    assert portfolio_of(database) == before
    assert len(entries(database, "portfolio_imported")) == 1


def test_a_row_repeated_word_for_word_counts_once(database, tmp_path):
    report = an_import(database, a_file(tmp_path, a_row(), a_row(), a_row(debt_reference="0002")))
    assert (report.rows, report.imported, report.repeated, report.refused) == (3, 2, 1, 0)
    assert len(rows_of(database, debts)) == 2


def test_rows_that_contradict_each_other_about_a_debt_are_all_refused(database, tmp_path):
    file = a_file(tmp_path, a_row(), a_row(balance="80.00"), a_row(debt_reference="0002"))
    report = an_import(database, file)
    assert (report.imported, report.refused) == (1, 2)
    assert [(r["line"], r["column"], r["value"]) for r in rejects(file)] == [
        ("2", "debt_reference", "0001"),
        ("3", "debt_reference", "0001"),
    ]
    assert [debt.reference for debt in rows_of(database, debts)] == ["0002"]


def test_what_only_one_of_a_debtors_rows_says_holds_for_the_debtor(database, tmp_path):
    bare = {
        k: v
        for k, v in a_row(debt_reference="0002").items()
        if k not in {"country", "region", "postal_code", "email", "phone", "debtor_name"}
    }
    file = a_file(tmp_path, a_row(language="es", debtor_kind="company"), bare)
    report = an_import(database, file)
    [debtor] = rows_of(database, debtors)
    assert (debtor.name, debtor.language, debtor.kind, debtor.country) == ("Ana Pérez", "es", "company", "US")
    assert (report.warnings, len(rows_of(database, contact_points))) == (0, 2)


def test_rows_that_disagree_on_a_name_take_the_last_and_warn(database, tmp_path):
    file = a_file(tmp_path, a_row(), a_row(debt_reference="0002", debtor_name="Ana María Pérez"))
    an_import(database, file)
    assert [row.name for row in rows_of(database, debtors)] == ["Ana María Pérez"]
    [warning] = warnings(file)
    assert (warning["column"], warning["value"]) == ("debtor_name", "07")
    assert "lines 2, 3" in warning["reason"]
    assert rows_of(database, holds) == []


def test_rows_that_disagree_on_where_a_debtor_lives_hold_the_debtor_until_they_agree(database, tmp_path):
    an_import(
        database, a_file(tmp_path, a_row(), a_row(debt_reference="0002", region="CA", postal_code="90012"))
    )
    [hold] = rows_of(database, holds)
    assert (hold.kind, hold.debt_id, hold.released_at) == ("ledger_in_doubt", None, None)

    an_import(database, a_file(tmp_path, a_row(), a_row(debt_reference="0002")))
    [hold] = rows_of(database, holds)
    assert hold.released_at is not None


def test_rows_that_disagree_on_protection_take_the_strictest(database, tmp_path):
    rows = (
        a_row(
            cease_received_on="2026-11-05",
            authorised_channels="email;letter",
            breathing_space_until="2026-12-01",
        ),
        a_row(debt_reference="0002", cease_received_on="2026-11-03", authorised_channels="letter;sms"),
        a_row(debt_reference="0003", represented_by="Alder & Finch", breathing_space_until="2027-01-01"),
    )
    an_import(database, a_file(tmp_path, *rows))
    [debtor] = rows_of(database, debtors)
    assert (debtor.cease_received_on, debtor.authorised_channels) == (date(2026, 11, 3), ["letter"])
    assert (debtor.represented_by, debtor.breathing_space_until) == ("Alder & Finch", date(2027, 1, 1))


def test_a_debtor_without_a_debt_has_a_row_of_its_own_and_may_owe_with_others(database, tmp_path):
    file = a_file(
        tmp_path,
        a_row(joint_debtors="08", guarantors="09;nobody"),
        {
            "creditor": "acme",
            "debtor_reference": "08",
            "debtor_name": "Luis",
            "email": "luis@debtors.example",
        },
        {"creditor": "acme", "debtor_reference": "09", "debtor_name": "Rosa"},
    )

    report = an_import(database, file)

    assert (report.debts.new, report.debtors.new, report.refused) == (1, 3, 0)
    ids = {row.reference: row.id for row in rows_of(database, debtors)}
    parties = {(row.debtor_id, row.relation) for row in rows_of(database, debt_parties)}
    assert parties == {(ids["08"], "joint_debtor"), (ids["09"], "guarantor")}
    assert [(w["column"], w["value"]) for w in warnings(file)] == [("guarantors", "nobody")]


def test_a_bad_contact_point_costs_the_contact_point_not_the_row(database, tmp_path):
    file = a_file(
        tmp_path,
        a_row(email="not an address", phone="12", email_label="home"),
        a_row(debt_reference="2", email="ana@", phone=""),
    )
    report = an_import(database, file)
    assert (report.imported, report.refused) == (2, 0)
    assert rows_of(database, contact_points) == []
    assert sorted((w["line"], w["column"], w["value"]) for w in warnings(file)) == [
        ("2", "email", "not an address"),
        ("2", "phone", "12"),
        ("3", "email", "ana@"),
    ]


def test_an_unreadable_consent_counts_as_none(database, tmp_path):
    file = a_file(tmp_path, a_row(email_consent_on="yes"))
    an_import(database, file)
    assert {point.consent_on for point in rows_of(database, contact_points)} == {None}
    assert [w["column"] for w in warnings(file)] == ["email_consent_on"]


def test_a_file_without_creditors_takes_the_one_that_was_named(database, tmp_path):
    row = {name: value for name, value in a_row().items() if name != "creditor"}
    an_import(database, a_file(tmp_path, row), creditor="acme")
    assert [c.key for c in rows_of(database, creditors)] == ["acme"]


def test_other_columns_are_kept_for_templates(database, tmp_path):
    an_import(database, a_file(tmp_path, a_row(**{"PO Number": "A 7", "contract": "C-1"})))
    assert rows_of(database, debts)[0].extra == {"PO_Number": "A 7", "contract": "C-1"}


def test_the_order_of_rows_makes_no_difference(database, tmp_path, sqlite_url, open_url):
    rows = [
        a_row(debt_reference=f"{i:04}", debtor_reference=f"{i % 7}", balance=f"{i}.10") for i in range(1, 60)
    ]
    first = an_import(database, a_file(tmp_path, *rows))
    said = portfolio_of(database)["debts"]
    again = an_import(database, a_file(tmp_path, *reversed(rows)))
    assert replace(again.debts, new=59, unchanged=0) == first.debts
    assert portfolio_of(database)["debts"] == said


def test_a_crash_in_the_middle_of_merging_leaves_the_portfolio_as_it_was(database, tmp_path, monkeypatch):
    an_import(database, a_file(tmp_path, a_row()))
    before = portfolio_of(database)
    an_import_of_two = a_file(tmp_path, a_row(balance="1.00"), a_row(debt_reference="0002"))

    class PowerCutError(Exception):
        pass

    def cut(*_args, **_kwargs):
        raise PowerCutError

    monkeypatch.setattr("dispatcher.portfolio.import_portfolio.portfolios.merge_points", cut)
    with pytest.raises(PowerCutError):
        an_import(database, an_import_of_two)
    monkeypatch.undo()

    assert portfolio_of(database) == before
    assert an_import(database, an_import_of_two).debts.changed == 1


def test_reading_a_file_takes_no_lock_that_others_wait_for(sqlite_database, tmp_path):
    """While rows are read and staged another writer gets through at once."""
    written = []

    def write_meanwhile(rows):
        with sqlite_database.writing() as connection:
            written.append(rows)
            connection.execute(select(1))

    rows = [a_row(debt_reference=str(i)) for i in range(5000)]
    from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio

    file = a_file(tmp_path, *rows)
    request = ImportRequest(
        file=file,
        as_of=LEDGER_DAY,
        now=NOW,
        actor="test",
        rejects=tmp_path / "r.csv",
        warnings=tmp_path / "w.csv",
    )
    report = import_portfolio(sqlite_database, request, on_rows=write_meanwhile)
    assert report.debts.new == 5000
    assert written == [1000, 2000, 3000, 4000, 5000, 5000]
