"""The day that a file's name says its ledger is of."""

import re
from collections.abc import Iterator
from datetime import date

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
    days = [day for form in _FORMS for match in form.finditer(name) for day in _read(match)]
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


def _read(match: re.Match[str]) -> Iterator[date]:
    year, month, day = int(match["y"]), int(match["m"]), int(match["d"])
    year_last = match.start("y") > match.start("d")
    for m, d in ((month, day), (day, month))[: 1 + year_last]:
        try:
            yield date(year, m, d)
        except ValueError:
            continue
        return
