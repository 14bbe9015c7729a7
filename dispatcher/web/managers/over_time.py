"""What messages brought in over time: a chart a share, days on its axis, a table behind it, a warning at a limit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from starlette.responses import Response

from dispatcher.treatment.domain.over_time import RATES, Point, Rate, recent
from dispatcher.treatment.outcomes_over_time import outcomes_over_time
from dispatcher.web.site.filters import a_date, paging
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import page
from dispatcher.web.site.visit import Page, RefusedError, Visit

SHOWN = timedelta(days=29)
LONGEST = timedelta(days=731)


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One stretch of a chart, in percent of its width and height; `value` None: nothing to count."""

    point: Point
    x: float
    width: float
    height: float
    value: Decimal | None
    part: int
    whole: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """One share as columns. `top`: what the full height stands for, in percent; `limit`: where its line lies."""

    rate: Rate
    columns: Sequence[Column]
    top: Decimal
    limit: float | None
    warns: bool


def show_over_time(visit: Visit) -> Response:
    """The charts, or the same as CSV or JSON."""
    last = a_date(visit, "to") or visit.now.date()
    first = a_date(visit, "from") or last - SHOWN
    if first > last or last - first > LONGEST:
        raise RefusedError(400, "Choose days in their order, two years at most.")
    found = outcomes_over_time(
        visit.program.database, visit.program.prices, first=first, last=last, as_of=visit.now.date()
    )
    if visit.query("format"):
        return exported(visit, f"outcomes-over-time-{first}-{last}", found.rows())
    return page(
        visit,
        "over_time",
        found=found,
        charts=[_chart(rate, found.points) for rate in RATES],
        volume=_volume(found.points),
        weekly=found.points[-1].days == 7,
        anything=any(point.outcome for point in found.points),
        paging=paging(visit, cursor="before", value=None),
    )


def _chart(rate: Rate, points: Sequence[Point]) -> Chart:
    shares = [share for point in points if (share := rate.share(point)) is not None]
    top = max([*shares, (rate.limit or Decimal(0)) * Decimal("1.25"), Decimal("0.1")])
    return Chart(
        rate=rate,
        columns=[
            Column(
                point=point,
                x=x,
                width=width,
                height=float(100 * (rate.share(point) or 0) / top),
                value=rate.share(point),
                part=rate.of(point)[0],
                whole=rate.of(point)[1],
            )
            for point, x, width in _places(points)
        ],
        top=top,
        limit=float(100 * rate.limit / top) if rate.limit is not None else None,
        warns=rate.is_passed(recent(points)),
    )


def _volume(points: Sequence[Point]) -> list[Column]:
    """How much went out, as columns of the most."""
    most = max((point.outcome.sent for point in points if point.outcome), default=0) or 1
    return [
        Column(
            point=point,
            x=x,
            width=width,
            height=100 * sent / most,
            value=None,
            part=sent,
            whole=most,
        )
        for point, x, width in _places(points)
        for sent in [point.outcome.sent if point.outcome else 0]
    ]


def _places(points: Sequence[Point]) -> Iterator[tuple[Point, float, float]]:
    width = 100 / len(points)
    for place, point in enumerate(points):
        yield point, round(place * width + width * 0.12, 3), round(width * 0.76, 3)


PAGES = (Page("GET", "/outcomes/days", show_over_time),)
