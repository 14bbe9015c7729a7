"""Finds the mapping by which a file can be read: one that is known, the file's own names, or one that is proposed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dispatcher.portfolio.apply_mapping import PortfolioFileError, bind_headers
from dispatcher.portfolio.domain.import_request import ImportRequest
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.propose_mapping import proposal_of
from dispatcher.portfolio.sample_rows import WITHIN, Sample, sample_rows
from dispatcher.portfolio.show_rows import show_first

_LOOKED_AT = 20
_MOST = 0.5  # of the first rows can be read, or it is no mapping for this file


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """`name` of a known mapping; without one and with a `document` it is proposed; with neither the names are ours."""

    name: str = ""
    document: dict[str, Any] | None = None


def suggest_mapping(request: ImportRequest, known: Sequence[PortfolioMapping]) -> Suggestion:
    """Try the known ones, in their order, on the first rows; raises PortfolioFileError for what is no table."""
    sample = sample_rows(request.file)
    fitting = list(_fitting_names(sample, request.file.name, (None, *known)))
    shares = [_share_read(replace(request, mapping=mapping)) for mapping in fitting]
    if shares and max(shares) > _MOST:
        best = fitting[shares.index(max(shares))]
        return Suggestion(name=best.name if best else "")
    return Suggestion(document=proposal_of(sample, request.file.name).as_document())


def _fitting_names(
    sample: Sample, file: str, known: Iterable[PortfolioMapping | None]
) -> Iterable[PortfolioMapping | None]:
    """Those whose columns one of the first lines has: a test that opens no file again."""
    return (mapping for mapping in known if any(_binds(row, mapping, file) for row in sample.rows[:WITHIN]))


def _binds(row: Sequence[str], mapping: PortfolioMapping | None, file: str) -> bool:
    try:
        bind_headers(row, mapping, file)
    except PortfolioFileError:
        return False
    return True


def _share_read(request: ImportRequest) -> float:
    try:
        rows = show_first(request, limit=_LOOKED_AT)
    except PortfolioFileError:
        return 0.0
    return sum(row.state == "read" for row in rows) / len(rows) if rows else 0.0
