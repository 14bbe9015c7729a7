"""The tables, as SQLAlchemy Core knows them; `migrations/` brings a database to this shape."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by itself only in a column called INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


def row_id() -> Column[int]:
    """The number of a row, given by the database."""
    return Column("id", Id, primary_key=True, autoincrement=True)


def rows_where(condition: str) -> dict[str, Any]:
    """Make an index hold these rows alone."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
