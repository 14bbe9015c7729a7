"""Learns a scorecard from closed debts and judges it on later ones, beside amount alone and past delay alone.

The one place that knows scikit-learn, which comes with the extra `score`: isotonic regression finds where the share
of payers changes, logistic regression weighs the facts against each other. A card is a proposal: it is off.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.treatment.domain.bins import Bin, as_bins, odds
from dispatcher.treatment.domain.facts import DATED, MONEY, Fact
from dispatcher.treatment.domain.score_history import DUE, LOOKED_BACK, Observation, observe
from dispatcher.treatment.domain.score_quality import (
    WINDOWS,
    GroupFigures,
    Quality,
    compare_groups,
    judge,
    score_of,
)
from dispatcher.treatment.domain.scorecard import ATTRIBUTES, Attribute, Band, Range, Scorecard
from dispatcher.treatment.storage.score_history import read_book

BASE, DOUBLE = 500, 40
LEAST_DEBTS = 200  # to learn from, of which
LEAST_OF_EACH = 30  # were paid, and so many not
LEAST_WEIGHT = 0.05  # of a fact that stays: one that counts against its own direction says nothing by itself
BANDS = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")
BASELINES: Mapping[str, tuple[Fact, ...]] = {
    "amount alone": (Fact.BALANCE,),
    "past delay alone": (Fact.LATE_SHARE,),
}


class FitRefused(ValueError):  # noqa: N818 it reads as the sentence it is
    """Nothing can be learned; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FitRequest:
    """Learn from debts looked at from `learn_from` on, knowing nothing after `learn_to`; judge on later ones.

    `groups`: debtor -> the group that the desk names to compare it, read for the report alone.
    """

    learn_from: date
    learn_to: date
    judge_to: date
    made_on: date
    begins: str = DUE
    within: int = 30
    creditor: str | None = None
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class FittedScore:
    """A card and how it did; `baselines` are cards of one fact each, learned and judged the same way."""

    request: FitRequest
    card: Scorecard
    learned_from: int
    quality: Quality
    baselines: Mapping[str, tuple[Scorecard, Quality]]
    groups: tuple[GroupFigures, ...]

    def as_json(self) -> dict[str, Any]:
        """As `score fit --report` writes it; shares are parts of 1."""
        request = self.request
        return {
            "learn_from": request.learn_from.isoformat(),
            "learn_to": request.learn_to.isoformat(),
            "judge_to": request.judge_to.isoformat(),
            "begins": request.begins,
            "within": request.within,
            "learned_from": self.learned_from,
            "card": _quality_json(self.card, self.quality),
            "baselines": {
                name: _quality_json(card, quality) for name, (card, quality) in self.baselines.items()
            },
            "groups": [
                {
                    "group": each.group,
                    "debts": each.debts,
                    "mean_score": round(each.mean_score, 2),
                    "foretold": round(each.foretold, 4),
                    "paid": round(each.paid, 4),
                    "auc": _rounded(each.auc),
                }
                for each in self.groups
            ],
        }


def _quality_json(card: Scorecard, quality: Quality) -> dict[str, Any]:
    return {
        "debts": quality.debts,
        "paid": round(quality.paid, 4),
        "foretold": round(quality.foretold, 4),
        "auc": _rounded(quality.auc),
        "brier": round(quality.brier, 4),
        "calibration_error": round(quality.calibration_error, 4),
        "bands": [
            {
                "band": each.band,
                "debts": each.debts,
                "foretold": round(each.foretold, 4),
                "paid": round(each.paid, 4),
                **{f"paid_within_{days}": round(share, 4) for days, share in each.paid_within.items()},
            }
            for each in quality.bands
        ],
        "points": {
            "base": card.base,
            "percent_at_base": float(card.percent_at_base),
            "double": card.double,
            "bands": [{"name": band.name, "below": band.below} for band in card.bands],
            "attributes": [
                {
                    "fact": each.fact.value,
                    "unknown": each.unknown,
                    "points": [
                        {"below": None if one.below is None else str(one.below), "points": one.points}
                        for one in each.ranges
                    ],
                }
                for each in card.attributes
            ],
        },
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def fit_score(database: Database, request: FitRequest) -> FittedScore:
    """Learn and judge; raises FitRefused where there is too little to learn from, or scikit-learn is not there."""
    with database.reading() as connection:
        book = read_book(connection, request.creditor)
    until = request.learn_to - timedelta(
        days=request.within
    )  # what became of later ones was not known on that day
    learn = list(observe(book, request.begins, request.learn_from, until, days=request.within))
    first = request.learn_to + timedelta(days=1)
    later = list(observe(book, request.begins, first, request.judge_to, days=max(request.within, *WINDOWS)))
    _refuse_too_few(learn, later, request)
    card = learn_card(learn, ATTRIBUTES, request, name="learned")
    baselines = {name: learn_card(learn, facts, request, name=name) for name, facts in BASELINES.items()}
    return FittedScore(
        request=request,
        card=card,
        learned_from=len(learn),
        quality=judge(card, later, request.within),
        baselines={name: (one, judge(one, later, request.within)) for name, one in baselines.items()},
        groups=compare_groups(card, later, request.groups, request.within),
    )


def _refuse_too_few(learn: Sequence[Observation], later: Sequence[Observation], request: FitRequest) -> None:
    paid = sum(each.paid_within(request.within) for each in learn)
    if len(learn) < LEAST_DEBTS or min(paid, len(learn) - paid) < LEAST_OF_EACH:
        raise FitRefused(
            f"{len(learn)} debts can be learned from, {paid} of them paid within {request.within} days; it takes "
            f"{LEAST_DEBTS}, and {LEAST_OF_EACH} paid and not paid: widen --learn-from and --learn-to, change "
            "--within, or look at debts from the day they were issued (--begins issued)"
        )
    if not later:
        raise FitRefused(
            f"no debt from {request.learn_to} to {request.judge_to} has had its {max(request.within, *WINDOWS)} days: "
            "without later debts nobody can say how good a card is; choose an earlier --learn-to"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Weighed:
    """A fact in ranges, each with its weight; `unknown`: the weight where nothing is known."""

    fact: Fact
    currency: str
    bins: tuple[Bin, ...]
    weights: tuple[float, ...]
    unknown: float

    def weight(self, seen: Observation) -> float:
        value = _value(seen, self.fact, self.currency)
        if value is None:
            return self.unknown
        return next(
            w for b, w in zip(self.bins, self.weights, strict=True) if b.below is None or value < b.below
        )


def learn_card(
    learn: Sequence[Observation], facts: Sequence[Fact], request: FitRequest, *, name: str
) -> Scorecard:
    """A card of those facts that tell payers apart, each in its own direction; the others are left out."""
    paid = [each.paid_within(request.within) for each in learn]
    currency = Counter(each.debt.amount.currency for each in learn).most_common(1)[0][0]
    weighed = [_weigh(learn, paid, fact, currency) for fact in facts]
    left = [each for each in weighed if len(each.bins) > 1]
    while True:
        at_base, factors = _weights_beside(learn, paid, left)
        weakest = min(range(len(left)), key=lambda i: factors[i], default=None)
        if weakest is None or factors[weakest] >= LEAST_WEIGHT:
            break
        left.pop(weakest)
    return _as_card(left, factors, at_base, learn, request, name)


def _value(seen: Observation, fact: Fact, currency: str) -> Decimal | None:
    value = seen.values.get(fact)
    if value is None or (fact in MONEY and seen.debt.amount.currency != currency):
        return None
    return Decimal(value)


def _weigh(learn: Sequence[Observation], paid: Sequence[bool], fact: Fact, currency: str) -> _Weighed:
    values = [_value(each, fact, currency) for each in learn]
    known = [(value, did) for value, did in zip(values, paid, strict=True) if value is not None]
    bins = as_bins(_levels(known)) if len({value for value, _ in known}) > 1 else ()
    missing = [did for value, did in zip(values, paid, strict=True) if value is None]
    total, payers = len(paid), sum(paid)
    enough = len(missing) >= LEAST_OF_EACH
    return _Weighed(
        fact=fact,
        currency=currency if fact in MONEY else "",
        bins=bins,
        weights=tuple(each.weight(total, payers) for each in bins),
        unknown=odds(sum(missing), len(missing)) - odds(payers, total) if enough else 0.0,
    )


def _levels(known: Sequence[tuple[Decimal, bool]]) -> list[tuple[Decimal, float, bool]]:
    """Each value with the share of payers that isotonic regression sees at it, rising or falling throughout.

    Of the two directions the one that is nearer to what came.
    """
    regression = _sklearn("isotonic").IsotonicRegression
    values, paid = [float(value) for value, _ in known], [float(did) for _, did in known]
    both = [regression(increasing=rises).fit(values, paid).predict(values) for rises in (True, False)]
    levels = min(
        both, key=lambda each: sum((level - did) ** 2 for level, did in zip(each, paid, strict=True))
    )
    return [(value, round(float(level), 9), did) for (value, did), level in zip(known, levels, strict=True)]


def _weights_beside(
    learn: Sequence[Observation], paid: Sequence[bool], facts: Sequence[_Weighed]
) -> tuple[float, list[float]]:
    """The logarithm of the odds where every weight is nothing, and how much each fact counts beside the others."""
    if not facts:
        return odds(sum(paid), len(paid)), []
    rows = [[fact.weight(each) for fact in facts] for each in learn]
    model = _sklearn("linear_model").LogisticRegression(max_iter=1000).fit(rows, [int(did) for did in paid])
    return float(model.intercept_[0]), [float(each) for each in model.coef_[0]]


def _sklearn(module: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"sklearn.{module}")
    except ImportError:
        raise FitRefused(
            "scikit-learn is not installed: a card is learned with `pip install 'debt-dispatcher[score]'`; "
            "a card that is there needs nothing more to be used"
        ) from None


def _as_card(
    facts: Sequence[_Weighed], factors: Sequence[float], at_base: float, learn: Sequence[Observation],
    request: FitRequest, name: str,
) -> Scorecard:  # fmt: skip
    per = DOUBLE / math.log(2)
    begins = "being issued" if request.begins != DUE else "falling due"
    card = Scorecard(
        name=name,
        version="1",
        made_on=request.made_on,
        about=f"paid within {request.within} days of {begins}",
        base=BASE,
        percent_at_base=Decimal(f"{100 / (1 + math.exp(-at_base)):.2f}"),
        double=DOUBLE,
        attributes=tuple(_attribute(fact, per * factor) for fact, factor in zip(facts, factors, strict=True)),
    )
    return replace(card, bands=_fifths([score_of(card, each) for each in learn]))


def _attribute(fact: _Weighed, per_weight: float) -> Attribute:
    return Attribute(
        fact=fact.fact,
        currency=fact.currency,
        within_days=LOOKED_BACK if fact.fact in DATED else None,
        unknown=round(per_weight * fact.unknown),
        ranges=tuple(
            Range(below=each.below, points=round(per_weight * weight))
            for each, weight in zip(fact.bins, fact.weights, strict=True)
        ),
    )


def _fifths(scores: Sequence[int]) -> tuple[Band, ...]:
    """Bands of a fifth of the debts each; fewer where many have one score."""
    ordered = sorted(scores)
    ends: list[int] = []
    for i in range(1, len(BANDS)):
        end = ordered[i * len(ordered) // len(BANDS)]
        if end > ordered[0] and end not in ends:
            ends.append(end)
    names = (
        BANDS
        if len(ends) == len(BANDS) - 1
        else [f"part {i + 1} of {len(ends) + 1}" for i in range(len(ends) + 1)]
    )
    return tuple(Band(name=name, below=end) for name, end in zip(names, [*ends, None], strict=True))
