"""Any two ledgers: nothing that protects ends unsaid, what is taken back comes back, a spoilt key makes no debt."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.database.engine import Database, open_database
from dispatcher.database.tables.people import holds
from dispatcher.database.tables.portfolio import contact_points, debtors, debts
from dispatcher.portfolio.domain.portfolio_columns import KEPT_WHEN_EMPTY, PROTECTIONS
from tests.portfolio.books import LEDGER_DAY, a_file, a_row, an_import, rows_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FEW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
VALUES = {
    "cease_received_on": "2026-11-01", "bankrupt_on": "2026-10-01", "deceased_on": "2026-10-02",
    "breathing_space_until": "2027-01-31", "represented_by": "Smith LLP", "disputed_on": "2026-11-02",
    "authorised_channels": "none", "promise_date": "2026-12-01", "settled_on": "2026-11-20",
    "handover_decided_on": "2026-11-03", "time_barred_on": "2026-11-04", "sender_role": "third_party",
    "birth_date": "2011-02-03",
}  # fmt: skip
GUARDS_A_DEBTOR = ("authorised_channels", "birth_date")
GUARDS_A_DEBT = ("promise_date", "settled_on", "handover_decided_on", "time_barred_on", "sender_role")
PLAIN = {
    "debtor_name": ["Ana Pérez", "Ana P. Díaz"], "email": ["", "ana@debtors.example", "a.perez@debtors.example"],
    "phone": ["", "+1 212 555 0100"], "city": ["", "New York"], "language": ["", "es"],
    "balance": ["120.50", "60.25", "-3.00"], "due_date": ["2026-10-31", "2026-12-31"], "debt_type": ["", "consumer"],
}  # fmt: skip


def cells(*, with_guards: bool) -> st.SearchStrategy[dict[str, str]]:
    """What one row says beside its keys."""
    plain = {column: st.sampled_from(values) for column, values in PLAIN.items()}
    guards = {column: st.sampled_from(["", value]) for column, value in VALUES.items()}
    return st.fixed_dictionaries(plain | (guards if with_guards else {}))


def ledgers(*, with_guards: bool) -> st.SearchStrategy[list[dict[str, str]]]:
    """Some of four debts of two debtors."""
    keys = [("07", "1"), ("07", "2"), ("08", "3"), ("08", "4")]
    rows = st.tuples(st.sampled_from(keys), cells(with_guards=with_guards))
    return st.lists(rows, min_size=1, max_size=4, unique_by=lambda row: row[0]).map(
        lambda drawn: [
            a_row(debtor_reference=debtor, debt_reference=debt, **said) for (debtor, debt), said in drawn
        ]
    )


@contextmanager
def a_database(template, folder) -> Iterator[Database]:
    shutil.copy(template, folder / "dispatcher.db")
    database = open_database(f"sqlite:///{folder / 'dispatcher.db'}")
    try:
        yield database
    finally:
        database.close()


def take(database: Database, folder, rows, day: int, *absent: str, **more) -> None:
    """Import the ledger of a day, some columns left out; whatever jumps is said to be meant."""
    kept = [{name: value for name, value in row.items() if name not in absent} for row in rows]
    accept = frozenset({"columns", "vanished", "keys"} - more.pop("not_accepted", set()))
    file = a_file(folder, *kept, name=f"ledger{day}.csv")
    an_import(database, file, as_of=LEDGER_DAY + timedelta(days=day), accept=accept, why="property", **more)


def guarded(database: Database) -> set[tuple[str, str]]:
    """(whose, what) of all that keeps a message back."""
    people = {row.id: row for row in rows_of(database, debtors)}
    owed = {row.id: row for row in rows_of(database, debts)}
    found = set()
    for row in people.values():
        found |= {(row.reference, kind) for column, kind in PROTECTIONS.items() if getattr(row, column, None)}
        found |= {(row.reference, name) for name in GUARDS_A_DEBTOR if getattr(row, name) not in (None, "")}
    for row in owed.values():
        found |= {(row.reference, name) for name in GUARDS_A_DEBT if getattr(row, name)}
        found |= {(people[row.debtor_id].reference, "dispute")} if row.disputed_on else set()
    for row in rows_of(database, holds):
        found |= {(people[row.debtor_id].reference, row.kind)} if row.released_at is None else set()
    return found


PASSING = {
    "not_in_ledger",
    "row_refused",
    "ledger_in_doubt",
    "protection_unreadable",
}  # a later ledger ends these


@given(
    a=ledgers(with_guards=True),
    b=ledgers(with_guards=True),
    absent=st.sets(st.sampled_from(sorted(VALUES)), max_size=6),
    whole=st.booleans(),
)
@FEW
def test_nothing_that_keeps_a_message_back_ends_unless_the_second_ledger_says_so(
    sqlite_template, tmp_path_factory, database_url, a, b, absent, whole
):
    folder = tmp_path_factory.mktemp("ledgers")
    with a_database(sqlite_template, folder) as database:
        take(database, folder, a, 0)
        before = {one for one in guarded(database) if one[1] not in PASSING}
        take(database, folder, b, 1, *absent, full=whole)
        assert before <= guarded(database)


def said(database: Database) -> list[tuple]:
    """What the ledger is known to say, protections aside."""
    people = [
        (row.reference, row.name, row.language, row.city, row.country, row.region)
        for row in rows_of(database, debtors)
    ]
    points = [(row.debtor_id, row.address) for row in rows_of(database, contact_points) if row.in_ledger]
    owed = [
        (
            row.reference,
            row.debtor_id,
            row.currency,
            row.balance_minor,
            row.due_date,
            row.debt_type,
            row.in_ledger,
        )
        for row in rows_of(database, debts)
    ]
    return [sorted(people), sorted(points), sorted(owed)]


@given(a=ledgers(with_guards=False), b=ledgers(with_guards=False))
@FEW
def test_a_ledger_that_comes_back_ends_where_it_ended(sqlite_template, tmp_path_factory, database_url, a, b):
    """Of the people and debts that it names: what only the other one named is known beside it, as not in the ledger."""
    assert not {*PLAIN} & (set(PROTECTIONS) | KEPT_WHEN_EMPTY)
    folder = tmp_path_factory.mktemp("ledgers")
    with a_database(sqlite_template, folder) as database:
        take(database, folder, a, 0, full=True)
        first = said(database)
        take(database, folder, b, 1, full=True)
        take(database, folder, a, 2, full=True)
        again = said(database)
    named = {row["debt_reference"] for row in a}
    people = {row["debtor_reference"] for row in a}
    assert [one for one in again[0] if one[0] in people] == first[0]
    assert [one for one in again[2] if one[0] in named] == first[2]
    assert not any(one[-1] for one in again[2] if one[0] not in named)
    assert set(first[1]) <= set(again[1])


KEYS = st.one_of(
    st.integers(1, 10**9).map(str),
    st.from_regex(r"[A-Z]{1,3}-?[0-9]{1,6}", fullmatch=True),
    st.from_regex(r"0{1,3}[1-9][0-9]{0,6}", fullmatch=True),
)
SPOILERS = {
    "point zero": lambda key: f"{key}.0",
    "comma zeros": lambda key: f"{key},00",
    "zeros ahead": lambda key: f"000{key}",
    "zeros lost": lambda key: key.lstrip("0") or key,
    "lower case": str.lower,
    "blanks inside": " ".join,
    "an apostrophe": lambda key: f"'{key}",
    "exponent": lambda key: f"{float(key):.5E}" if key.isdecimal() else key,
    "grouped": lambda key: f"{int(key):,}" if key.isdecimal() and key[0] != "0" else key,
    "a blank at the end": lambda key: f"{key}\u00a0",
}


@given(
    debt=KEYS,
    debtor=KEYS,
    spoil_debt=st.lists(st.sampled_from(sorted(SPOILERS)), max_size=2),
    spoil_debtor=st.lists(st.sampled_from(sorted(SPOILERS)), max_size=2),
    whole=st.booleans(),
)
@settings(FEW, max_examples=30)
def test_however_a_key_is_spoilt_no_second_debt_can_be_reminded(
    sqlite_template, tmp_path_factory, database_url, debt, debtor, spoil_debt, spoil_debtor, whole
):
    folder = tmp_path_factory.mktemp("ledgers")
    with a_database(sqlite_template, folder) as database:
        take(database, folder, [a_row(debt_reference=debt, debtor_reference=debtor)], 0)
        spoilt = a_row(
            debt_reference=spoiled(debt, spoil_debt), debtor_reference=spoiled(debtor, spoil_debtor)
        )
        take(database, folder, [spoilt], 1, full=whole, not_accepted={"keys"})
        held = {row.debt_id for row in rows_of(database, holds) if row.released_at is None}
        free = [row.reference for row in rows_of(database, debts) if row.id not in held and row.in_ledger]
        assert len(free) <= 1, free


def spoiled(key: str, ways: list[str]) -> str:
    for way in ways:
        key = SPOILERS[way](key)
    return key
