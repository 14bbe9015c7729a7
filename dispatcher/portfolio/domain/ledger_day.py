"""The day that a file's name says its ledger is of."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from itertools import islice

# 2026-11-10, 20261110, 2026_11_10 and 10-11-2026, 10.11.2026; not inside a longer number.
_FORMS = (
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d{2})(?P<mark>[-_. ]?)(?P<m>\d{2})(?P=mark)(?P<d>\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<d>\d{1,2})(?P<mark>[-_. ])(?P<m>\d{1,2})(?P=mark)(?P<y>(?:19|20)\d{2})(?!\d)"),
)
_LIKE_A_DATE = re.compile(r"(?<!\d)(?:(?:19|20)\d{6}|\d{1,4}[-_. ]\d{1,2}[-_. ]\d{1,4})(?!\d)")


def day_in_name(name: str, today: date) -> date | None:
    """The day of a file's name; of a period its end. None where the name has none.

    Day stands before month where the year stands last, unless there is no such day. Raises ValueError for what looks
    like a date and is none, and for a day that has not come.
    """
    matches = (match for form in _FORMS for match in form.finditer(name))
    days = [day for match in matches for day in islice(_read(match), 1)]
    if not days:
        if unread := _LIKE_A_DATE.search(name):
            raise ValueError(
                f"{name}: {unread[0]!r} looks like a date and is none; name the file after its day, such as "
                "ledger-2026-11-10.csv"
            )
        return None
    latest = max(days)
    if latest > today:
        raise ValueError(f"{name}: the ledger would be of {latest}, which has not come yet")
    return latest


def days_in_name(name: str) -> frozenset[date]:
    """Every day that a name may mean: of a period its end, with the day before the month and with the month before it.

    Empty where the name has no day that is one.
    """
    found = [list(_read(match)) for form in _FORMS for match in form.finditer(name)]
    read = [days for days in found if days]
    return frozenset({max(days[0] for days in read), max(days[-1] for days in read)}) if read else frozenset()


def _read(match: re.Match[str]) -> Iterator[date]:
    """The days that a match may mean, the likelier one first."""
    year, month, day = int(match["y"]), int(match["m"]), int(match["d"])
    year_last = match.start("y") > match.start("d")
    for m, d in ((month, day), (day, month))[: 1 + year_last]:
        with suppress(ValueError):
            yield date(year, m, d)
