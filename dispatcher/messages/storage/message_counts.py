"""Counts messages by what stands in their rows; runs, pages and meters word the counts themselves."""

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from dispatcher.database.tables.messages import messages


def count_messages(
    connection: Connection, *by: ColumnElement[Any], where: ColumnElement[bool] | None = None
) -> Counter[tuple[Any, ...]]:
    """(value of each column, …) -> messages; a condition may name the tables that messages lead to."""
    query = select(*by, func.count()).select_from(messages).group_by(*by)
    if where is not None:
        query = query.where(where)
    return Counter({tuple(row[:-1]): row[-1] for row in connection.execute(query)})
