"""Whether a column is among many given values, which travel as one parameter: the statement is the same for any number.

SQLAlchemy writes an `IN` anew for each execution and each length, which costs as much as running it, and a server that
keeps prepared statements keeps one a length.
"""

from typing import Any

import orjson
from sqlalchemy import ARRAY, Boolean, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class Many(TypeDecorator[Any]):
    """A list of strings or integers as one parameter: JSON for SQLite, an array for PostgreSQL."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the database's own type."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.item))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write the list down."""
        return orjson.dumps(value).decode() if dialect.name == "sqlite" else value


class _OneOf(FunctionElement[bool]):
    name = "one_of"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_OneOf":  # noqa: ARG002 the signature is SQLAlchemy's
        """Stand for itself: for SQLite a truth would be compared with 1, which no index serves."""
        return self


def one_of(column: ColumnElement[Any], values: str) -> ColumnElement[bool]:
    """The condition that the column is one of the list given for the parameter `values` when it is executed."""
    return _OneOf(column, bindparam(values, type_=Many(column.type)))


@compiles(_OneOf, "sqlite")
def _sqlite(element: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    column, values = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 no text of anybody's


@compiles(_OneOf, "postgresql")
def _postgresql(element: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    column, values = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} = ANY ({values})"
