"""Holds an import's rows in temporary tables until all are read, so that nothing is ever half imported.

Writing them takes no lock that others wait for: they belong to this connection alone, and to no file that is kept.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
    select,
    tuple_,
)
from sqlalchemy.schema import CreateTable

from dispatcher.database.engine import Database
from dispatcher.database.types import CanonicalJson
from dispatcher.portfolio.domain.portfolio import (
    DebtLine,
    DebtorLine,
    LedgerContactPoint,
    PortfolioRow,
    RowProblem,
)
from dispatcher.portfolio.domain.portfolio_columns import CONTACT_COLUMNS
from dispatcher.values.canonical import canonical_json
from dispatcher.values.reference import reference_key

CHUNK_ROWS = 2_000
# Of SQLite's pages, for the import alone: with more, memory grows with the file, and the processor is spared nothing.
_CACHE_KIB = 24 * 1024
_CONSENTS = {"email": "email_consent_on", "phone": "sms_consent_on"}
_RECENT = 4_096  # debtors remembered, so that their repeated columns are staged once

metadata = MetaData()


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, metadata, *columns, prefixes=["TEMPORARY"])


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


def _dates(*names: str) -> list[Column[Any]]:
    return [Column(name, Date) for name in names]


staged_debtors = _table(
    "staged_debtors",
    Column("line", Integer, nullable=False),
    *_texts(
        "creditor", "reference", "digest", "person", "name", "kind", "language", "country", "region", "city"
    ),
    *_texts("postal_code"),
    Column("address_lines", CanonicalJson, nullable=False),
    *_texts("time_zone", "ledger_segment", "preferred_channel"),
    Column("authorised_channels", CanonicalJson),
    *_texts("represented_by"),
    *_dates("cease_received_on", "bankrupt_on", "deceased_on", "breathing_space_until", "birth_date"),
    *_texts("access_code", "reference_key"),
    Column("silent", BigInteger, nullable=False),  # a bit a field that the file has no column for
)
staged_points = _table(
    "staged_points",
    *_texts("creditor", "debtor_reference", "medium", "address", "label"),
    Column("consent_on", Date),
    Column("consent_said", Boolean, nullable=False),  # False: the file has no column for it
)
staged_debts = _table(
    "staged_debts",
    Column("line", Integer, nullable=False),
    *_texts("creditor", "reference", "digest", "debtor_reference", "currency"),
    Column("original_minor", BigInteger),
    Column("balance_minor", BigInteger, nullable=False),
    *_dates("due_date", "issued_on", "settled_on", "disputed_on", "promise_date"),
    Column("promise_minor", BigInteger),
    *_dates("time_barred_on", "notice_sent_on", "handover_decided_on"),
    *_texts("sender_role", "debt_type"),
    Column("extra", CanonicalJson, nullable=False),
    *_texts("reference_key"),
    Column("silent", BigInteger, nullable=False),
)
staged_parties = _table(
    "staged_parties",
    Column("line", Integer, nullable=False),
    *_texts("creditor", "debt_reference", "debtor_reference", "relation"),
)
staged_refusals = _table(
    "staged_refusals", *_texts("creditor", "reference")
)  # debts whose row could not be read
staged_unread = _table(  # values that protect somebody and could not be read
    "staged_unread", *_texts("creditor", "debtor_reference", "debt_reference", "columns")
)
staged_doubts = _table(
    "staged_doubts", *_texts("creditor", "reference", "columns")
)  # debtors whose lines disagree
staged_changes = _table(  # what the ledger newly says, or no longer says, of holds
    "staged_changes",
    *_texts("creditor", "debtor_reference", "debt_reference", "kind"),
    *_dates("before", "after"),
)

_DEBTOR_COLUMNS = [column.name for column in staged_debtors.c][5:-2]
DEBTOR_FIELDS = (*_DEBTOR_COLUMNS, *CONTACT_COLUMNS)
DEBT_FIELDS = (*[column.name for column in staged_debts.c][5:-3], "joint_debtors", "guarantors")
BITS = {name: 1 << i for names in (DEBTOR_FIELDS, DEBT_FIELDS) for i, name in enumerate(names)}
_INDEXES = {
    "staged_debtors": "creditor, reference, digest, line",
    "staged_debts": "creditor, reference, digest, line",
    "staged_unread": "creditor, debtor_reference",
    "staged_points": "creditor, debtor_reference, medium, address",
    "staged_parties": "line",
}
Row = tuple[Any, ...]
Points = tuple[LedgerContactPoint, ...]


class Staging:
    """The rows of one import, on one connection."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.connection = connection
        self._turn = database.turn
        self._raw: Any = connection.connection.driver_connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._cache_before = 0
        self._recent: dict[tuple[str, str], DebtorLine] = {}
        self._rows: dict[str, list[Row]] = defaultdict(list)
        self._count = 0
        self._people = _pseudonyms()

    def add(self, line: int, row: PortfolioRow) -> None:
        """Take one good row."""
        self._add_debtor(line, row.debtor)
        if row.debt is not None:
            self._take(staged_debts, _debt_row(line, row.debt))
            debt = (line, row.debt.creditor, row.debt.reference)
            for reference in row.debt.joint_debtors:
                self._take(staged_parties, (*debt, reference, "joint_debtor"))
            for reference in row.debt.guarantors:
                self._take(staged_parties, (*debt, reference, "guarantor"))
        self._count += 1
        if self._count >= CHUNK_ROWS:
            self.flush()

    def refuse(self, creditor: str, reference: str) -> None:
        """Remember a debt whose row could not be read."""
        if creditor and reference:
            self._take(staged_refusals, (creditor, reference))

    def unread(self, row: PortfolioRow, problems: Sequence[RowProblem]) -> None:
        """Remember whose protection could not be read: the debt is held, or the person where there is none."""
        columns = ", ".join(dict.fromkeys(problem.column for problem in problems))
        reference = row.debt.reference if row.debt else ""
        self._take(staged_unread, (row.debtor.creditor, row.debtor.reference, reference, columns))

    def flush(self) -> None:
        """Write what is held in memory."""
        for name, rows in self._rows.items():
            self._write(metadata.tables[name], rows)
        self._rows.clear()
        self._count = 0

    def index(self) -> None:
        """Make the rows quick to find; call when all are there."""
        self.flush()
        for name, columns in _INDEXES.items():
            schema = "temp." if self._sqlite else ""
            self._raw.execute(f"CREATE INDEX {schema}ix_{name} ON {name} ({columns})")
            if not self._sqlite:
                self._raw.execute(f"ANALYZE {name}")
        self._raw.commit()

    @contextmanager
    def merging(self) -> Iterator[Connection]:
        """The one transaction that moves the rows into the portfolio, whole or not at all."""
        with self._turn, self.connection.begin():
            if not self._sqlite:
                self.connection.exec_driver_sql(
                    "SET LOCAL statement_timeout = 0"
                )  # a million rows take their time
            yield self.connection

    def create(self) -> None:
        """Make the temporary tables."""
        if self._sqlite:
            self._raw.execute("PRAGMA temp_store=FILE")  # a million rows do not belong into memory
            self._cache_before = self._raw.execute("PRAGMA cache_size").fetchone()[0]
            self._raw.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        for table in metadata.sorted_tables:
            self._raw.execute(str(CreateTable(table).compile(dialect=self.connection.dialect)))
        self._raw.commit()

    def drop(self) -> None:
        """Take them away again: the connection goes back to its pool."""
        self._raw.rollback()
        for table in metadata.sorted_tables:
            self._raw.execute(f"DROP TABLE IF EXISTS {table.name}")
        self._raw.commit()
        if self._sqlite:
            self._raw.execute("PRAGMA temp_store=MEMORY")
            self._raw.execute(f"PRAGMA cache_size={self._cache_before}")

    def _add_debtor(self, line: int, debtor: DebtorLine) -> None:
        key = (debtor.creditor, debtor.reference)
        known = self._recent.get(key)
        if known is debtor or known == debtor:  # mostly the same: to compare all its columns is dear
            return
        if len(self._recent) >= _RECENT:
            self._recent.clear()
        self._recent[key] = debtor
        self._take(staged_debtors, debtor_row(line, debtor, next(self._people)))
        for p in debtor.contact_points:
            said = int(
                _CONSENTS[p.medium] not in debtor.silent
            )  # SQLite's driver looks for an adapter of a bool
            self._take(staged_points, (*key, p.medium, p.address, p.label, _day(p.consent_on), said))

    def _take(self, table: Table, row: Row) -> None:
        self._rows[table.name].append(row)

    def _write(self, table: Table, rows: Sequence[Row]) -> None:
        if self._sqlite:
            marks = ",".join("?" * len(table.c))
            self._raw.execute("BEGIN")
            self._raw.executemany(f"INSERT INTO temp.{table.name} VALUES ({marks})", rows)  # noqa: S608 our own names
        else:
            with self._raw.cursor() as cursor, cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        self._raw.commit()


@contextmanager
def open_staging(database: Database) -> Iterator[Staging]:
    """Temporary tables on a connection of their own, gone at the end."""
    with database.writer.connect() as connection:
        staging = Staging(database, connection)
        staging.create()
        try:
            yield staging
        finally:
            if connection.in_transaction():
                connection.rollback()
            staging.drop()


def _pseudonyms() -> Iterator[str]:
    """For each person one that nobody can guess; chance is asked for thousands at once, which is a tenth as dear."""
    while True:
        chance = secrets.token_hex(16 * _RECENT)
        yield from (chance[i : i + 32] for i in range(0, len(chance), 32))


def debtor_row(line: int, debtor: DebtorLine, person: str) -> Row:
    """A debtor's line as a row of `staged_debtors`, with the digest of what it says."""
    values = (
        debtor.name, debtor.kind, debtor.language, debtor.country, debtor.region, debtor.city, debtor.postal_code,
        _json(debtor.address_lines), debtor.time_zone, debtor.ledger_segment, debtor.preferred_channel,
        None if debtor.authorised_channels is None else _json(debtor.authorised_channels),
        debtor.represented_by, _day(debtor.cease_received_on), _day(debtor.bankrupt_on), _day(debtor.deceased_on),
        _day(debtor.breathing_space_until), _day(debtor.birth_date), debtor.access_code,
    )  # fmt: skip
    silent = silent_bits(debtor.silent)
    points = sorted([(p.medium, p.address, p.label, _day(p.consent_on)) for p in debtor.contact_points])
    return (
        line,
        debtor.creditor,
        debtor.reference,
        _digest((values, points, silent)),
        person,
        *values,
        reference_key(debtor.reference),
        silent,
    )


@lru_cache(maxsize=256)
def silent_bits(silent: frozenset[str]) -> int:
    """A bit for each field that the file says nothing of."""
    return sum(BITS[name] for name in silent if name in BITS)


def read_debtor(row: Any, points: Points = ()) -> DebtorLine:
    """A row of `staged_debtors` as the line it came from, with the contact points of all its lines."""
    values = {name: getattr(row, name) for name in _DEBTOR_COLUMNS}
    authorised = values.pop("authorised_channels")
    return DebtorLine(
        **{**values, "address_lines": tuple(values["address_lines"])},
        creditor=row.creditor,
        reference=row.reference,
        authorised_channels=None if authorised is None else tuple(authorised),
        contact_points=points,
        silent=frozenset(name for name in DEBTOR_FIELDS if row.silent & BITS[name]),
    )


def read_points(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Points]:
    """The contact points that the file's lines give these debtors, each once."""
    found: dict[tuple[str, str], dict[tuple[str, str], LedgerContactPoint]] = {key: {} for key in keys}
    t = staged_points.c
    for i in range(0, len(keys), 200):
        page = tuple_(t.creditor, t.debtor_reference).in_(keys[i : i + 200])
        for row in connection.execute(select(staged_points).where(page)):
            point = LedgerContactPoint(
                medium=row.medium, address=row.address, label=row.label, consent_on=row.consent_on
            )
            found[row.creditor, row.debtor_reference][row.medium, row.address] = point
    return {key: tuple(points.values()) for key, points in found.items()}


def put_debtors(connection: Connection, debtors: Iterable[tuple[int, DebtorLine]]) -> None:
    """Add lines inside the merging transaction."""
    rows = []
    for line, debtor in debtors:
        _, creditor, reference, digest, person, *_, key, silent = debtor_row(
            line, debtor, secrets.token_hex(16)
        )
        keys = {
            "line": line,
            "creditor": creditor,
            "reference": reference,
            "digest": digest,
            "person": person,
            "reference_key": key,
            "silent": silent,
        }
        rows.append({**keys, **{name: getattr(debtor, name) for name in _DEBTOR_COLUMNS}})
    if rows:
        connection.execute(insert(staged_debtors), rows)


def _debt_row(line: int, debt: DebtLine) -> Row:
    values = (
        debt.debtor_reference, debt.currency, debt.original_minor, debt.balance_minor, _day(debt.due_date),
        _day(debt.issued_on), _day(debt.settled_on), _day(debt.disputed_on), _day(debt.promise_date),
        debt.promise_minor, _day(debt.time_barred_on), _day(debt.notice_sent_on), _day(debt.handover_decided_on),
        debt.sender_role, debt.debt_type, _json(debt.extra) if debt.extra else "{}",
    )  # fmt: skip
    silent = silent_bits(debt.silent)
    digest = _digest((values, debt.joint_debtors, debt.guarantors, silent))
    return (line, debt.creditor, debt.reference, digest, *values, reference_key(debt.reference), silent)


def _digest(values: Row) -> str:
    return blake2b(repr(values).encode(), digest_size=16).hexdigest()


def _json(value: Any) -> str:
    return "[]" if value == () else canonical_json(value)


@lru_cache(maxsize=1 << 12)  # thousands of rows share their days
def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
