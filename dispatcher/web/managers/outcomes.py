"""What messages brought in: a chart a question, its table behind it, and in words what can be said of differences."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import JSONResponse, Response

from dispatcher.treatment.compare_outcomes import (
    OutcomeReport,
    OutcomeRequest,
    compare_outcomes,
    cost_in_words,
    in_words,
    money,
    still_running,
    table_of,
    volume_in_words,
)
from dispatcher.treatment.domain.outcomes import WINDOWS, By, Outcome
from dispatcher.treatment.domain.statistics import share
from dispatcher.web.site.filters import a_date, a_number, address
from dispatcher.web.site.page import page
from dispatcher.web.site.visit import Page, RefusedError, Visit

SHOWN_DAYS = 14  # the window that the charts show unless another is asked for
_BY_WORDS = {
    By.STEP: "step", By.TEMPLATE: "text", By.CHANNEL: "channel", By.SEGMENT: "segment", By.ARM: "arm of an experiment",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShareBar:
    """A group's share of payers as a bar, with the ends of its interval; all in percent of the widest."""

    group: str
    value: float
    low: float
    high: float
    says: str


@dataclass(frozen=True, slots=True)
class MoneyBar:
    """What a group brought in, as a part of the most that any did."""

    group: str
    part: float
    says: str


def show_outcomes(visit: Visit) -> Response:
    """The page, or the same as CSV or JSON."""
    report, days = report_asked_for(visit), _days(visit)
    form = visit.query("format")
    if form == "json":
        return JSONResponse(report.as_json())
    if form == "csv":
        return _as_csv(report)
    currencies = sorted(
        {currency for outcome in report.outcomes for currency in outcome.within(days).amounts}
    )
    return page(
        visit,
        "outcomes",
        report=report,
        days=days,
        windows=WINDOWS,
        by=report.request.by,
        ways=[(by.value, word) for by, word in _BY_WORDS.items()],
        way=_BY_WORDS[report.request.by],
        shares=list(_share_bars(report.outcomes, days)),
        brought=[(currency, list(_money_bars(report.outcomes, days, currency))) for currency in currencies],
        running=still_running(report.request),
        statements=[in_words(each) for each in report.differences if each.days == days],
        volume=volume_in_words(report, days),
        money=money,
        cost=cost_in_words,
        csv=address(visit, {"format": "csv"}),
        json=address(visit, {"format": "json"}),
    )


def report_asked_for(visit: Visit) -> OutcomeReport:
    """What the address asks for: the last 60 days by text unless it says otherwise; refuses what is no day."""
    today = visit.now.date()
    last = a_date(visit, "to") or today
    by = visit.query("by") or By.TEMPLATE
    if by not in list(By):
        raise RefusedError(400, f"by: {by!r} is none of {', '.join(By)}.")
    first = a_date(visit, "from") or last - timedelta(days=60)
    if first > last:
        raise RefusedError(400, f"from: {first} comes after {last}.")
    running = visit.program.policy.running_experiments(today)
    request = OutcomeRequest(first=first, last=last, as_of=today, by=By(by), running=running)
    return compare_outcomes(visit.program.database, request, visit.program.prices)


def _days(visit: Visit) -> int:
    days = a_number(visit, "days")
    return days if days in WINDOWS else SHOWN_DAYS


def _as_csv(report: OutcomeReport) -> Response:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(table_of(report))
    name = f"outcomes-by-{report.request.by}-{report.request.first}-{report.request.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + stream.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _share_bars(outcomes: Sequence[Outcome], days: int) -> Iterator[ShareBar]:
    intervals = [
        (outcome, share(outcome.within(days).people, outcome.within(days).paid)) for outcome in outcomes
    ]
    widest = max(
        (interval.high for outcome, interval in intervals if outcome.within(days).people), default=1.0
    )
    for outcome, interval in intervals:
        paid = outcome.within(days)
        if not paid.people:
            yield ShareBar(outcome.group, 0, 0, 0, f"nobody was written to {days} days ago or earlier yet")
            continue
        value, low, high = (100 * edge / widest for edge in (interval.value, interval.low, interval.high))
        edges = f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %"
        says = f"{paid.paid:,} of {paid.people:,} paid: {100 * interval.value:.1f} % ({edges})"
        yield ShareBar(outcome.group, value, low, high, says)


def _money_bars(outcomes: Sequence[Outcome], days: int, currency: str) -> Iterator[MoneyBar]:
    totals: list[tuple[str, int, int]] = [
        (
            outcome.group,
            outcome.within(days).total(currency),
            len(outcome.within(days).amounts.get(currency, ())),
        )
        for outcome in outcomes
    ]
    most = max((total for _, total, _ in totals), default=0)
    for group, total, people in totals:
        each = f", {money(round(total / people), currency)} a person" if people else ""
        yield MoneyBar(group, 100 * total / most if most else 0, f"{money(total, currency)} {currency}{each}")


PAGES = (Page("GET", "/outcomes", show_outcomes),)
