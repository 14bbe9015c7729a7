"""The tables, one file an aggregate; importing any of them makes the metadata whole."""

from dispatcher.database.tables import (
    agreements,
    calls,
    delivery,
    log,
    messages,
    operations,
    people,
    planning,
    portfolio,
    record,
    templates,
    users,
    wire,
)

__all__ = [
    "agreements",
    "calls",
    "delivery",
    "log",
    "messages",
    "operations",
    "people",
    "planning",
    "portfolio",
    "record",
    "templates",
    "users",
    "wire",
]
