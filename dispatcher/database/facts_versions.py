"""Triggers that count the changes of what the gate reads of a person, so that no writer can forget to.

`facts_versions` has a number a subject and table: a subject is a debtor's id; a creditor's, less than 0; EVERYBODY. It
rises in the transaction that writes, and no row is the number 0. Two writers wait for each other only where both write
that table of that person: somebody's opt-out never waits for the end of an import. Each row raises those whose own it
is; whom else it binds is found by who asks, among the relations of that moment.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from sqlalchemy import Connection, text

EVERYBODY: Final = 0
TABLE: Final = "facts_versions"
_EVENTS = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Raises:
    """Whom a row of a table raises; `{r}` stands for the row.

    `own` are expressions over the row, `found` queries from tables that it points at: (FROM, WHERE, whom, the name of
    what must not change its owner meanwhile). `only` names the columns whose change counts, where rows are changed
    without a fact's changing; `when` a condition on the row as it was.
    """

    own: tuple[str, ...] = ()
    found: tuple[tuple[str, str, str, str], ...] = ()
    events: tuple[str, ...] = _EVENTS
    only: tuple[str, ...] = ()
    when: str = ""
    which: str = ""


_THEIRS = Raises(own=("{r}.debtor_id",))
_OWNER = ("debts d", "d.id = {r}.debt_id", "d.debtor_id", "d")


def _of_the_arrangement(key: str) -> tuple[tuple[str, str, str, str], ...]:
    """Who agreed to it, and whose debts it is about."""
    return (
        ("arrangement_parties p", f"p.arrangement_id = {{r}}.{key}", "p.debtor_id", ""),
        (
            "arrangement_debts a JOIN debts d ON d.id = a.debt_id",
            f"a.arrangement_id = {{r}}.{key}",
            "d.debtor_id",
            "d",
        ),
    )


RAISES: Final[Mapping[str, Raises]] = {
    # Nobody was written to before they were on file.
    "debtors": Raises(own=("{r}.id",), events=("UPDATE", "DELETE")),
    "contact_points": _THEIRS,
    "debts": _THEIRS,
    "debt_parties": Raises(own=("{r}.debtor_id",), found=(_OWNER,)),
    "payments": Raises(found=(_OWNER,)),
    "holds": _THEIRS,
    "wishes": _THEIRS,
    "consents": _THEIRS,
    "affordability": _THEIRS,
    "notices": _THEIRS,
    "contacts": _THEIRS,
    "opt_outs": _THEIRS,
    "humans": _THEIRS,
    "debtor_handlers": _THEIRS,
    "arrangements": Raises(own=("{r}.debtor_id",), found=_of_the_arrangement("id")),
    "arrangement_parties": _THEIRS,
    "arrangement_debts": Raises(found=(_OWNER,)),
    "instalments": Raises(found=_of_the_arrangement("arrangement_id")),
    "handovers": Raises(found=(_OWNER,)),
    # What a message offers counts once it has gone, and what was sent is read again; what a call offered counts.
    "sent_offers": Raises(own=("{r}.debtor_id",), which="{r}.message_id IS NULL"),
    "creditors": Raises(own=("-{r}.id",), events=("UPDATE", "DELETE"), only=("key", "ledger_as_of")),
    "handlers": Raises(own=(str(EVERYBODY),)),
    "handler_rules": Raises(own=(str(EVERYBODY),)),
    "users": Raises(own=(str(EVERYBODY),), only=("name", "disabled_at")),
    # What was sent is read again at each look; these are changed by nothing but an erasure.
    "messages": Raises(
        own=("{r}.recipient_id",),
        events=("UPDATE", "DELETE"),
        only=("recipient_id", "as_of", "channel", "kind", "notice", "address", "zones", "said"),
        when="{r}.sent_at IS NOT NULL",
    ),
    "message_debts": Raises(
        own=("{r}.recipient_id",),
        events=("UPDATE", "DELETE"),
        only=("message_id", "debt_id", "recipient_id", "strategy", "step", "how"),
    ),
}


def version_statements(dialect: str, tables: Collection[str]) -> Iterator[str]:
    """Yield the SQL that makes the triggers on those of the tables that are there, anew where they are. Repeatable."""
    if TABLE not in tables:
        return
    write = _postgresql if dialect == "postgresql" else _sqlite
    for table, raises in RAISES.items():
        if table in tables:
            for event in raises.events:
                yield from write(table, event, raises)


def every_change_raises(connection: Connection) -> bool:
    """Whether each of the triggers is there as it is written here, and fires. One statement."""
    found = connection.execute(_POSTGRESQL_HAS if connection.dialect.name == "postgresql" else _SQLITE_HAS)
    return _wanted(connection.dialect.name) <= {tuple(row) for row in found}


# What a trigger does is its function's body on PostgreSQL, its own text on SQLite. One that is disabled is none.
_POSTGRESQL_HAS = text(
    "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE t.tgname LIKE '%\\_raises\\_%' AND t.tgenabled IN ('O', 'A') AND pg_table_is_visible(t.tgrelid)"
)
_SQLITE_HAS = text(
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%\\_raises\\_%' ESCAPE '\\'"
)


@cache
def _wanted(dialect: str) -> frozenset[tuple[str, str]]:
    """(name, text) of every trigger."""
    body = _body if dialect == "postgresql" else _sqlite_trigger
    return frozenset(
        (_name(table, event), body(table, event, raises))
        for table, raises in RAISES.items()
        for event in raises.events
    )


def _name(table: str, event: str) -> str:
    return f"{table}_raises_{event.lower()}"


def _rows(event: str) -> tuple[str, ...]:
    return {"INSERT": ("NEW",), "DELETE": ("OLD",), "UPDATE": ("OLD", "NEW")}[event]


def _of_a_row(row: str, raises: Raises, *, lock: bool) -> Iterator[str]:
    """Queries, each a column of subjects."""
    which = f" WHERE {raises.which.format(r=row)}" if raises.which else ""
    for whom in raises.own:
        yield f"SELECT {whom.format(r=row)} AS subject{which}"
    for tables, condition, whom, held in raises.found:
        share = f" FOR SHARE OF {held}" if lock and held else ""
        yield f"SELECT {whom} AS subject FROM {tables} WHERE {condition.format(r=row)}{share}"  # noqa: S608 names of our own tables


def _of_many(rows: str, raises: Raises) -> Iterator[str]:
    """The same of a table of rows; who owns a debt cannot change until this transaction ends."""
    which = f" WHERE {raises.which.format(r='r')}" if raises.which else ""
    for whom in raises.own:
        yield f"SELECT {whom.format(r='r')} AS subject FROM {rows} r{which}"  # noqa: S608 names of our own tables
    for tables, condition, whom, held in raises.found:
        share = f" FOR SHARE OF {held}" if held else ""
        yield f"SELECT {whom} AS subject FROM {rows} r, {tables} WHERE {condition.format(r='r')}{share}"  # noqa: S608 names of our own tables


def _raise(table: str, queries: Iterator[str], *, in_order: bool) -> str:
    """One statement: in the order of the subjects where two transactions could wait for each other."""
    found = list(queries)
    ctes = ", ".join(f"q{i} AS ({query})" for i, query in enumerate(found))
    if not in_order:
        union = " UNION ".join(found)
        source = f"SELECT subject, '{table}', 1 FROM ({union}) WHERE subject IS NOT NULL"  # noqa: S608 names of our own tables
        return f"INSERT INTO {TABLE} (subject, part, version) {source} {_UP};"
    union = " UNION ".join(f"SELECT subject FROM q{i}" for i in range(len(found)))  # noqa: S608 names of our own tables
    source = f"SELECT DISTINCT subject, '{table}', 1 FROM ({union}) AS every WHERE subject IS NOT NULL ORDER BY subject"  # noqa: S608 names of our own tables
    return f"WITH {ctes} INSERT INTO {TABLE} (subject, part, version) {source} {_UP};"


_UP = f"ON CONFLICT (subject, part) DO UPDATE SET version = {TABLE}.version + 1"


def _sqlite(table: str, event: str, raises: Raises) -> Iterator[str]:
    yield f"DROP TRIGGER IF EXISTS {_name(table, event)}"
    yield _sqlite_trigger(table, event, raises)


def _sqlite_trigger(table: str, event: str, raises: Raises) -> str:
    queries = (query for row in _rows(event) for query in _of_a_row(row, raises, lock=False))
    return (
        f"CREATE TRIGGER {_name(table, event)} AFTER {_event(event, raises)} ON {table}{_when(event, raises)} "
        f"BEGIN {_raise(table, queries, in_order=False)} END"
    )


def _event(event: str, raises: Raises) -> str:
    return f"UPDATE OF {', '.join(raises.only)}" if event == "UPDATE" and raises.only else event


def _when(event: str, raises: Raises) -> str:
    return f" WHEN ({raises.when.format(r='OLD')})" if raises.when and event != "INSERT" else ""


def _postgresql(table: str, event: str, raises: Raises) -> Iterator[str]:
    """A statement's rows at once; row by row where only some columns count, which PostgreSQL knows of rows alone."""
    name = _name(table, event)
    if raises.only:
        how = f"FOR EACH ROW{_when(event, raises)}"
    else:
        how = " ".join(("REFERENCING", *(f"{row} TABLE AS {row.lower()}_rows" for row in _rows(event))))
        how += " FOR EACH STATEMENT"
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$${_body(table, event, raises)}$$"
    )
    yield (
        f"CREATE OR REPLACE TRIGGER {name} AFTER {_event(event, raises)} ON {table} {how} EXECUTE FUNCTION {name}()"
    )


def _body(table: str, event: str, raises: Raises) -> str:
    if raises.only:
        queries = (query for row in _rows(event) for query in _of_a_row(row, raises, lock=True))
    else:
        queries = (query for row in _rows(event) for query in _of_many(f"{row.lower()}_rows", raises))
    return f" BEGIN {_raise(table, queries, in_order=True)} RETURN NULL; END "
