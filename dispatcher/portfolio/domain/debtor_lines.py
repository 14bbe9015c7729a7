"""Makes one debtor of the several lines that a ledger gives of them, the careful way where lines disagree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from dispatcher.portfolio.domain.portfolio import DebtorLine

# Law and hours hang on these: a debtor whose lines disagree on them is not written to until the ledger is mended.
RESIDENCE = ("kind", "country", "region", "city", "postal_code", "address_lines", "time_zone")
_EARLIEST = ("cease_received_on", "bankrupt_on", "deceased_on")
_SPECIAL = frozenset(
    {
        *_EARLIEST,
        "creditor",
        "reference",
        "authorised_channels",
        "represented_by",
        "breathing_space_until",
        "contact_points",
        "silent",
    }
)
_ORDINARY = tuple(name for name in DebtorLine._fields if name not in _SPECIAL)


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedDebtor:
    """One debtor, and the columns on which the lines disagree."""

    line: DebtorLine
    contradictions: tuple[str, ...]

    @property
    def residence_in_doubt(self) -> bool:
        """Whether the lines disagree on where the debtor lives or who they are."""
        return any(name in RESIDENCE for name in self.contradictions)


def merge_debtor_lines(lines: Sequence[DebtorLine]) -> MergedDebtor:
    """One debtor of lines in the file's order.

    What only some lines say holds. Where they disagree the last line wins, except that what protects the debtor
    is never weakened: the earliest stop, the longest breathing space, only channels that all lines authorise.
    """
    merged = lines[-1]
    contradictions = []
    for name in _ORDINARY:
        said = [value for value in (getattr(line, name) for line in lines) if value]
        if said:
            merged = merged._replace(**{name: said[-1]})
        if len(set(said)) > 1:
            contradictions.append(name)
    return MergedDebtor(line=_protected(merged, lines), contradictions=tuple(contradictions))


def _protected(merged: DebtorLine, lines: Sequence[DebtorLine]) -> DebtorLine:
    earliest = {name: _pick(min, [getattr(line, name) for line in lines]) for name in _EARLIEST}
    representatives = dict.fromkeys(line.represented_by for line in lines if line.represented_by)
    points = {(p.medium, p.address): p for line in lines for p in line.contact_points}
    return merged._replace(
        **earliest,  # type: ignore[arg-type]  # the three are dates
        breathing_space_until=_pick(max, [line.breathing_space_until for line in lines]),
        represented_by="; ".join(representatives),
        authorised_channels=_authorised_by_all([line.authorised_channels for line in lines]),
        contact_points=tuple(points.values()),
        silent=frozenset.intersection(*(line.silent for line in lines)),
    )


def _pick(choose: Callable[[list[date]], date], dates: list[date | None]) -> date | None:
    given = [day for day in dates if day is not None]
    return choose(given) if given else None


def _authorised_by_all(said: list[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    given = [set(channels) for channels in said if channels is not None]
    return tuple(sorted(set.intersection(*given))) if given else None
