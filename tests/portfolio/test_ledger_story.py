"""A week of one creditor's ledgers on each database: what is compared, refused, accepted, held and kept."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import contact_points, debts, ledgers
from dispatcher.portfolio.compare_ledgers import LedgerRefused, refused_ledgers
from tests.portfolio.books import LEDGER_DAY, NOW, a_file, an_import, many, rows_of

ONE, TWO, THREE = (timedelta(days=days) for days in (1, 2, 3))


def standing(database):
    return sorted(hold.kind for hold in rows_of(database, holds) if hold.released_at is None)


def of_event(database, event):
    with database.reading() as connection:
        return connection.scalars(select(log_entries.c.entry).where(log_entries.c.event == event)).all()


def spoilt(row, number):
    """As an export with another form of amounts, years and keys writes it, without the column of disputes."""
    return {
        **{name: value for name, value in row.items() if name != "disputed_on"},
        "balance": row["balance"].replace(".", ""),
        "due_date": f"{2028 + number % 3}-{number % 12 + 1:02}-01",
        "currency": "EUR",
    }


def test_a_week_of_ledgers_is_compared_refused_accepted_and_kept_alike(database, tmp_path):
    rows = [row | {"disputed_on": ""} for row in many(110)]
    rows[0]["disputed_on"] = "2026-11-02"
    an_import(database, a_file(tmp_path, *rows), full=True)
    [first] = rows_of(database, ledgers)
    assert (first.state, first.profile["debts"], first.profile["age"]) == ("imported", 110, 16)
    assert first.profile["filled"]["disputed_on"] == 1

    before = [row.digest for row in rows_of(database, debts)]
    paid = rows[1] | {"balance": "0.00", "settled_on": "2026-11-17"}
    odd = a_file(tmp_path, *(spoilt(row, i) for i, row in enumerate([rows[0], paid, *rows[2:]])))
    with pytest.raises(LedgerRefused) as refused:
        an_import(database, odd, as_of=LEDGER_DAY + ONE)
    names = {finding.name for finding in refused.value.findings}
    assert names == {"columns", "balances", "ages", "currencies"}
    assert [row.digest for row in rows_of(database, debts)] == before
    assert standing(database) == ["refused_ledger"]  # the one that it shows as paid
    [said] = refused_ledgers(database)
    assert said.startswith("ledger of acme: ledger.csv of 2026-11-17 was refused (")
    assert len(of_event(database, "portfolio_refused")) == 1

    report = an_import(
        database, odd, as_of=LEDGER_DAY + ONE, accept=frozenset(names), why="they moved to another program"
    )
    assert (report.applied, standing(database), refused_ledgers(database)) == (True, [], [])
    newest = rows_of(database, ledgers)[-1]
    assert newest.accepted == dict.fromkeys(sorted(names), "they moved to another program")
    assert "they moved to another program" in of_event(database, "portfolio_imported")[-1]
    assert {debt.reference for debt in rows_of(database, debts) if debt.disputed_on} == {"R0"}

    whole = [row | {"disputed_on": ""} for row in rows]  # as it was, and the dispute's cell is empty now
    back = a_file(tmp_path, *whole)
    report = an_import(
        database, back, as_of=LEDGER_DAY + TWO, full=True, accept=frozenset(names), why="they moved back"
    )
    assert (report.still_protected, standing(database)) == (1, ["dispute"])

    with pytest.raises(LedgerRefused, match="60 of 109 known debts are not in this ledger"):  # one is paid
        an_import(database, a_file(tmp_path, *whole[:50]), as_of=LEDGER_DAY + THREE, full=True)
    stand_in = {"email": "shop@x.example"}
    more = a_file(tmp_path, *(row | stand_in for row in many(250)[110:]))
    report = an_import(database, more, as_of=LEDGER_DAY + THREE, now=NOW + THREE)
    assert (report.debts.new, [finding.name for finding in report.findings]) == (140, ["appeared"])
    assert standing(database).count("new_in_odd_ledger") == 140
    assert {p.stand_in for p in rows_of(database, contact_points) if p.address == "shop@x.example"} == {
        "140 different people share it: it is nobody's own"
    }
