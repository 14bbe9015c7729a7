"""Takes ids ahead of an insert, so that many rows go in at once and their ids are known."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, func, literal, select, text


def new_ids(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """So many ids of a table that counts by itself, in order; nobody else gets them.

    Call it in the transaction that inserts the rows. Asking the database to return the ids instead inserts row
    by row on SQLite, which does not promise their order.
    """
    if connection.dialect.name == "sqlite":  # the writer is alone: what AUTOINCREMENT gave last is the last
        last = text("SELECT seq FROM sqlite_sequence WHERE name = :name").bindparams(name=table.name)
        first = (connection.scalar(last) or 0) + 1
        return range(first, first + count)
    # An insert locks its table before it takes a number, and the sealer counts on that (seals.settled_id).
    connection.exec_driver_sql(f"LOCK TABLE {table.name} IN ROW EXCLUSIVE MODE")
    sequence = func.pg_get_serial_sequence(table.name, "id")
    rows = func.generate_series(literal(1), literal(count)).table_valued("n")
    return connection.scalars(select(func.nextval(sequence)).select_from(rows)).all()
