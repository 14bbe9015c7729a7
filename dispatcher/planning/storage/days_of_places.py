"""Reads where debtors are, as far as it decides which day it is there."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from dispatcher.database.tables.portfolio import debtors
from dispatcher.values.whereabouts import PlaceTable, locate


def zones_of_debtors(connection: Connection, places: PlaceTable) -> set[str]:
    """Every zone that the countries, regions and stated zones of the debtors suggest."""
    query = select(debtors.c.country, debtors.c.region, debtors.c.time_zone).distinct()
    return {zone for row in connection.execute(query) for zone in _zones(places, *row)}


def _zones(places: PlaceTable, country: str, region: str, stated: str) -> Iterator[str]:
    found = locate(
        places,
        country=country,
        region=region,
        city="",
        postal_code="",
        phone_e164=None,
        phone_label=None,
        stated_zone=stated or None,
    )
    yield from (candidate.zone for candidate in found.candidates)
