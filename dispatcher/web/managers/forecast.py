"""What would go out in the next weeks: a chart by day and channel, one of what would be kept back, the table, CSV."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.responses import Response

from dispatcher.calls.forecast_calls import forecast_with_calls
from dispatcher.planning.forecast_days import ASSUMES, Forecast, ForecastRequest, forecast_table, sample_for
from dispatcher.web.site.filters import a_date, a_number, address
from dispatcher.web.site.page import page
from dispatcher.web.site.visit import Page, Visit

SHOWN_DAYS, MOST_DAYS = 30, 90
LOOKED_AT = 3_000  # open debts: a page answers in seconds; `dispatcher forecast` looks at more
_CHANNELS = ("email", "sms", "letter", "call")
_WORDS = {"block": "not allowed", "hold": "waits for a person", "defer": "put off to another day"}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a day's bar: how much of the tallest it is, in percent, and where it begins from below."""

    kind: int  # the number of its colour
    height: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day."""

    day: date
    total: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Days beside each other. `kinds`: what each colour means, with its sum."""

    bars: tuple[Bar, ...]
    kinds: tuple[tuple[str, int], ...]
    most: int

    @property
    def total(self) -> int:
        """Of all days."""
        return sum(bar.total for bar in self.bars)


def show_forecast(visit: Visit) -> Response:
    """The page, or its table as CSV."""
    today = visit.now.date()
    as_of = a_date(visit, "from") or today
    days = min(a_number(visit, "days") or SHOWN_DAYS, MOST_DAYS)
    database = visit.program.database
    request = ForecastRequest(
        as_of=as_of,
        now=visit.now + timedelta(days=max(0, (as_of - today).days)),
        days=days,
        one_in=sample_for(database, as_of, LOOKED_AT),
    )
    found = forecast_with_calls(database, visit.program.policy, request)
    if visit.query("format") == "csv":
        return _as_csv(found, as_of, days)
    every = [as_of + timedelta(days=i) for i in range(days)]
    going: Counter[tuple[date, str]] = Counter()
    for (day, channel, _), count in found.going.items():
        going[day, channel] += count
    kept: Counter[tuple[date, str]] = Counter()
    for (day, decision, _), count in found.kept_back.items():
        kept[day, decision] += count
    return page(
        visit,
        "forecast",
        found=found,
        going=_chart(every, going, {channel: channel for channel in _CHANNELS}),
        kept=_chart(every, kept, _WORDS),
        rows=list(_rows(found)),
        as_of=as_of,
        days=days,
        assumes=ASSUMES,
        csv=address(visit, {"format": "csv"}),
    )


def _chart(days: Sequence[date], counts: Mapping[tuple[date, str], int], words: Mapping[str, str]) -> Chart:
    kinds = [*words, *sorted({kind for _, kind in counts} - words.keys())]
    totals = {day: sum(counts.get((day, kind), 0) for kind in kinds) for day in days}
    most = max(totals.values(), default=0)
    bars = tuple(Bar(day, totals[day], tuple(_parts(day, kinds, counts, most))) for day in days)
    sums = ((words.get(kind, kind), sum(counts.get((day, kind), 0) for day in days)) for kind in kinds)
    return Chart(bars, tuple(sums), most)


def _parts(
    day: date, kinds: Sequence[str], counts: Mapping[tuple[date, str], int], most: int
) -> Iterator[Part]:
    bottom = 0.0
    for number, kind in enumerate(kinds):
        count = counts.get((day, kind), 0)
        if count:
            height = 100 * count / most
            yield Part(number, height, bottom)
            bottom += height


def _rows(found: Forecast) -> Iterator[tuple[date, str, str, int, int]]:
    """Day, channel, step, count and how far off it may be; what is kept back under the words for it and the rule."""
    for (day, channel, step), count in sorted(found.going.items()):
        yield day, channel, step, count, found.margin(count)
    for (day, decision, rule), count in sorted(found.kept_back.items()):
        yield day, "kept back", f"{_WORDS.get(decision, decision)}: {rule}", count, found.margin(count)


def _as_csv(found: Forecast, as_of: date, days: int) -> Response:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(forecast_table(found))
    headers = {"Content-Disposition": f'attachment; filename="forecast-{as_of}-{days}-days.csv"'}
    return Response("\ufeff" + stream.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


PAGES = (Page("GET", "/forecast", show_forecast),)
