"""Says which segment a debt is of, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from dispatcher.database.engine import Connection
from dispatcher.people.domain.person import DebtFile
from dispatcher.treatment.domain.facts import AGES, MONEY, Fact, days_past_due
from dispatcher.treatment.domain.segments import Condition, Segments
from dispatcher.treatment.storage import segments as stored
from dispatcher.values.money import Money


def with_segments(
    connection: Connection, debts: Mapping[int, DebtFile], segments: Segments, as_of: date
) -> dict[int, DebtFile]:
    """The same files, each with its segment, what led to it, and who works it by hand; one statement for all.

    A second one, where a segment asks for a score, for what that may add to the offers of private people.
    """
    places = stored.places_of(connection, segments, debts, as_of)
    scored = stored.scored_places_of(connection, segments, debts, as_of)
    found = {key: _segmented(debt, segments, places.get(key)) for key, debt in debts.items()}
    added = {key: replace(found[key], score_segment=segments[place].name) for key, place in scored.items()}
    return {**found, **added}


def _segmented(debt: DebtFile, segments: Segments, place: int | None) -> DebtFile:
    if place is None:
        return debt
    segment = segments[place]
    owner = segment.by_hand.owner if segment.by_hand else ""
    return replace(debt, segment=segment.name, segment_because=segment.because, worked_by=owner)


def segments_on(connection: Connection, segments: Segments, as_of: date) -> Iterator[tuple[str, str | None]]:
    """Every debt that is open on a day, as `creditor/reference`, with its segment; None: none takes it."""
    for each in stored.open_debts(connection, segments, as_of):
        yield each.debt, None if each.place is None else segments[each.place].name


def why_segment(connection: Connection, debt: DebtFile, segments: Segments, as_of: date) -> str:
    """The conditions that this debt meets, each with its own figure; empty where no segment takes it."""
    segment = next((each for each in segments if each.name == debt.segment), None)
    if segment is None:
        return ""
    figures = stored.figures_of(connection, segment.conditions, debt.id, as_of)
    columns = [f"{name.replace('_', ' ')} {' or '.join(values)}" for name, values in segment.equals.items()]
    said = _with_figures(zip(segment.conditions, figures, strict=True), debt, as_of)
    return "; ".join([*columns, *said]) or segment.because


def _with_figures(pairs: Iterable[tuple[Condition, Any]], debt: DebtFile, as_of: date) -> Iterator[str]:
    for condition, value in pairs:
        yield f"{condition} ({_figure(condition.fact, value, debt, as_of)})"


def _figure(fact: Fact, value: Any, debt: DebtFile, as_of: date) -> str:
    if fact in AGES:
        return str(days_past_due(value, as_of))
    if fact in MONEY:
        return str(Money(int(value), debt.balance.currency))
    if fact is Fact.SHARE_OF_BOOK:
        return f"{int(value) // 10}.{int(value) % 10}"
    return str(int(value))
