"""How well points tell who pays: order (area under the curve), chances (calibration), and differences of groups."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from dispatcher.treatment.domain.score_history import Observation
from dispatcher.treatment.domain.scorecard import Scorecard

WINDOWS = (30, 60)  # days within which the report says who paid


@dataclass(frozen=True, kw_only=True, slots=True)
class BandFigures:
    """Debts of a band: what was foretold, and what came; parts of 1."""

    band: str
    debts: int
    foretold: float
    paid: float  # within the days that the card is about
    paid_within: Mapping[int, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupFigures:
    """Debts of a group that the desk named to compare it; `auc` None: all or none of them were paid."""

    group: str
    debts: int
    mean_score: float
    foretold: float
    paid: float
    auc: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    """How a card did on debts it never saw. `brier`: mean squared error of its chances; less is better."""

    debts: int
    paid: float
    foretold: float
    auc: float | None
    brier: float
    calibration_error: float  # mean distance of foretold and paid over its bands, by their debts
    bands: tuple[BandFigures, ...]


def judge(card: Scorecard, seen: Sequence[Observation], within: int) -> Quality:
    """Hold a card against what became of debts; raises ValueError where there are none."""
    if not seen:
        raise ValueError("there is no debt to judge by")
    scores = [score_of(card, each) for each in seen]
    chances = [card.chance(score) for score in scores]
    paid = [each.paid_within(within) for each in seen]
    bands = tuple(_bands(card, seen, scores, within))
    return Quality(
        debts=len(seen),
        paid=_mean(paid),
        foretold=_mean(chances),
        auc=area_under_curve(scores, paid),
        brier=_mean([(chance - did) ** 2 for chance, did in zip(chances, paid, strict=True)]),
        calibration_error=sum(abs(each.foretold - each.paid) * each.debts for each in bands) / len(seen),
        bands=bands,
    )


def score_of(card: Scorecard, seen: Observation) -> int:
    """What a card gives to a debt as it was."""
    values = {i: seen.values.get(each.fact) for i, each in enumerate(card.attributes)}
    money = {
        i for i, each in enumerate(card.attributes) if each.currency not in ("", seen.debt.amount.currency)
    }
    return card.score({i: None if i in money else value for i, value in values.items()})


def compare_groups(
    card: Scorecard, seen: Sequence[Observation], groups: Mapping[str, str], within: int
) -> tuple[GroupFigures, ...]:
    """The groups that the desk names for this alone, the largest first; who is in none is left out."""
    by_group: dict[str, list[Observation]] = defaultdict(list)
    for each in seen:
        if each.debt.debtor in groups:
            by_group[groups[each.debt.debtor]].append(each)
    found = [_group(card, name, mine, within) for name, mine in by_group.items()]
    return tuple(sorted(found, key=lambda each: (-each.debts, each.group)))


def _group(card: Scorecard, name: str, seen: Sequence[Observation], within: int) -> GroupFigures:
    scores = [score_of(card, each) for each in seen]
    paid = [each.paid_within(within) for each in seen]
    return GroupFigures(
        group=name,
        debts=len(seen),
        mean_score=_mean(scores),
        foretold=_mean([card.chance(score) for score in scores]),
        paid=_mean(paid),
        auc=area_under_curve(scores, paid),
    )


def _bands(
    card: Scorecard, seen: Sequence[Observation], scores: Sequence[int], within: int
) -> list[BandFigures]:
    by_band: dict[str, list[tuple[int, Observation]]] = defaultdict(list)
    for score, each in zip(scores, seen, strict=True):
        by_band[card.band(score)].append((score, each))
    return [
        BandFigures(
            band=band.name,
            debts=len(mine),
            foretold=_mean([card.chance(score) for score, _ in mine]),
            paid=_mean([each.paid_within(within) for _, each in mine]),
            paid_within={days: _mean([each.paid_within(days) for _, each in mine]) for days in WINDOWS},
        )
        for band in card.bands
        if (mine := by_band[band.name])
    ]


def area_under_curve(scores: Sequence[float], paid: Sequence[bool]) -> float | None:
    """How often of two debts, one paid and one not, the paid one has more points; a tie counts half."""
    payers, others = sum(paid), len(paid) - sum(paid)
    if not payers or not others:
        return None
    ranks, rank = 0.0, 0
    ordered = sorted(zip(scores, paid, strict=True))
    for _, tied in groupby(ordered, key=lambda pair: pair[0]):
        did = [each for _, each in tied]
        ranks += (rank + (len(did) + 1) / 2) * sum(did)
        rank += len(did)
    return (ranks - payers * (payers + 1) / 2) / (payers * others)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
