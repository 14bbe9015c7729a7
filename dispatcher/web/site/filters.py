"""Reads filters, cursors and dates from the address bar, and writes addresses that keep them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from dispatcher.values import written
from dispatcher.web.site.visit import RefusedError, Visit, not_found

PAGE = 50
MOST_EXPORTED = 100_000
_NOT_KEPT = {"before", "after", "format"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Paging:
    """Where a list stands and how to go on; empty addresses are not offered."""

    older: str = ""
    first: str = ""
    csv: str = ""
    json: str = ""


def a_date(visit: Visit, name: str) -> date | None:
    """A date of the address bar; refuses what is none."""
    text = visit.query(name)
    if not text:
        return None
    day = written.day(text)
    if day is None:
        raise RefusedError(400, f"{name}: {text!r} is not a day; write it as 2026-11-23.")
    return day


def a_number(visit: Visit, name: str) -> int | None:
    """A whole number of the address bar; refuses what is none."""
    text = visit.query(name)
    if not text:
        return None
    number = written.whole_number(text)
    if number is None:
        raise RefusedError(400, f"{name}: {text!r} is not a number.")
    return number


def a_path_number(visit: Visit, name: str, what: str) -> int:
    """A number that the address itself carries; what it stands for is not there where it is none."""
    number = written.whole_number(visit.path(name))
    if number is None:
        raise not_found(what)
    return number


def paging(visit: Visit, *, cursor: str, value: str | int | None, export: bool = True) -> Paging:
    """The addresses around a page of a list. `cursor` is the parameter's name, `value` the last row's key."""
    begun = bool(visit.query("before") or visit.query("after"))
    return Paging(
        older=address(visit, {cursor: str(value)}) if value is not None else "",
        first=address(visit, {}) if begun else "",
        csv=address(visit, {"format": "csv"}) if export else "",
        json=address(visit, {"format": "json"}) if export else "",
    )


def address(visit: Visit, more: dict[str, str], *, without: Sequence[str] = ()) -> str:
    """This page's own address with its filters and some more parameters."""
    kept = [
        (name, value)
        for name, value in visit.request.query_params.multi_items()
        if value and name not in _NOT_KEPT and name not in more and name not in without
    ]
    query = urlencode([*kept, *((name, value) for name, value in more.items() if value)])
    return visit.here + (f"?{query}" if query else "")
