"""The tables, one file an aggregate; importing any of them makes the metadata whole."""

from dispatcher.database.tables import (
    agreements,
    calls,
    configuration,
    delivery,
    incidents,
    log,
    messages,
    operations,
    people,
    planning,
    portfolio,
    record,
    reviews,
    templates,
    users,
    wire,
)

__all__ = [
    "agreements",
    "calls",
    "configuration",
    "delivery",
    "incidents",
    "log",
    "messages",
    "operations",
    "people",
    "planning",
    "portfolio",
    "record",
    "reviews",
    "templates",
    "users",
    "wire",
]
