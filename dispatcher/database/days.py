"""Days that the database counts: a date and a number of days in a row give a date."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _DaysAfter(FunctionElement[date]):
    name = "days_after"
    type = Date()
    inherit_cache = True


def days_after(begin: ColumnElement[date], days: ColumnElement[int]) -> ColumnElement[date]:
    """The date so many days after another; before it where they are negative."""
    return _DaysAfter(begin, days)


@compiles(_DaysAfter, "sqlite")
def _sqlite(element: _DaysAfter, compiler: SQLCompiler, **more: Any) -> str:
    begin, days = (compiler.process(clause, **more) for clause in element.clauses)
    return f"date({begin}, ({days}) || ' days')"


@compiles(_DaysAfter, "postgresql")
def _postgresql(element: _DaysAfter, compiler: SQLCompiler, **more: Any) -> str:
    begin, days = (compiler.process(clause, **more) for clause in element.clauses)
    return f"({begin} + ({days}))"
