"""Says how a score came about: each attribute with its points, for the desk and for whoever is scored."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dispatcher.database.engine import Connection
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.treatment.domain.facts import MONEY, PERCENT
from dispatcher.treatment.domain.scorecard import Scorecard
from dispatcher.treatment.storage.scores import Figures, count_by_score, figures_of_person

OFF = "No score is made of anybody: config/scorecard.yaml is off or not there."
OBJECTED = "An objection stands (`record wish DEBTOR --no-score`), so no score is made or used."
MEANS = (
    "It orders work and may add to what is offered. It never refuses a plan, raises a settlement, brings a message "
    "forward or decides about counsel. A person decides, on request too, and an objection ends its use."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """One attribute of one debt: what it is, in which range that lies, and what it counts."""

    fact: str
    says: str
    value: str  # `not known` where nothing is
    range: str
    points: int
    fair_because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredDebt:
    """One debt. `score` None: somebody objected."""

    debt: str
    score: int | None
    band: str
    percent: float | None  # how many of a hundred such debts are paid
    base: int
    counted: tuple[Counted, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainedScore:
    """All open debts that somebody owes first. `card` empty: nobody is scored."""

    debtor: str
    on: date
    card: str
    about: str
    approved_by: str
    debts: tuple[ScoredDebt, ...]

    def as_json(self) -> dict[str, Any]:
        """As `score explain --json` writes it."""
        return {
            "debtor": self.debtor,
            "as_of": self.on.isoformat(),
            "scorecard": self.card or None,
            "about": self.about,
            "approved_by": self.approved_by,
            "means": MEANS,
            "debts": [
                {
                    "debt": debt.debt,
                    "score": debt.score,
                    "band": debt.band,
                    "percent_paid": None if debt.percent is None else round(debt.percent, 1),
                    "base": debt.base,
                    "attributes": [
                        {
                            "fact": each.fact,
                            "value": each.value,
                            "range": each.range,
                            "points": each.points,
                            "fair_because": each.fair_because,
                        }
                        for each in debt.counted
                    ],
                }
                for debt in self.debts
            ],
        }


def explain_score(connection: Connection, card: Scorecard | None, who: str, on: date) -> ExplainedScore:
    """The points of `creditor/reference`, debt by debt, by a card in use; raises UnknownDebtorError for nobody."""
    debtor = find_debtor(connection, who)
    return score_of(connection, card, debtor.id, debtor.full_reference, on)


def score_of(
    connection: Connection, card: Scorecard | None, debtor_id: int, name: str, on: date
) -> ExplainedScore:
    """As `explain_score`, of a debtor that was found; `name` is `creditor/reference`."""
    if card is None or not card.in_use:
        return ExplainedScore(debtor=name, on=on, card="", about="", approved_by="", debts=())
    found = figures_of_person(connection, card, debtor_id, on)
    return ExplainedScore(
        debtor=name,
        on=on,
        card=card.label,
        about=card.about,
        approved_by=card.approved_by,
        debts=tuple(_scored(card, each) for each in found),
    )


def _scored(card: Scorecard, figures: Figures) -> ScoredDebt:
    if figures.objected:
        return ScoredDebt(debt=figures.debt, score=None, band="", percent=None, base=card.base, counted=())
    score = card.score(dict(enumerate(figures.values)))
    return ScoredDebt(
        debt=figures.debt,
        score=score,
        band=card.band(score),
        percent=100 * card.chance(score),
        base=card.base,
        counted=tuple(_counted(card, figures)),
    )


def _counted(card: Scorecard, figures: Figures) -> Iterator[Counted]:
    for attribute, value in zip(card.attributes, figures.values, strict=True):
        unit = (
            f" {figures.currency}" if attribute.fact in MONEY else " %" if attribute.fact in PERCENT else ""
        )
        yield Counted(
            fact=attribute.fact.value,
            says=attribute.says,
            value=_written(value) + unit if value is not None else "not known",
            range=attribute.in_words(attribute.place(value)),
            points=attribute.points(value),
            fair_because=attribute.fair_because,
        )


def _written(value: Decimal | int) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def count_by_band(connection: Connection, card: Scorecard, on: date) -> dict[str, int]:
    """How many open debts are in which band, in one statement; `not scored`: somebody objected."""
    counts: Counter[str] = Counter()
    for score, count in count_by_score(connection, card, on).items():
        counts["not scored" if score is None else card.band(score) or str(score)] += count
    names = [band.name for band in card.bands]
    return dict(
        sorted(counts.items(), key=lambda item: names.index(item[0]) if item[0] in names else len(names))
    )


def for_the_debtor(explained: ExplainedScore) -> Iterator[str]:
    """What whoever is scored may be shown, a line each: every point, what it is for, and how to end it."""
    if not explained.card:
        yield "We make no score of you."
        return
    yield f"How we add up points for what you owe, on {explained.on}"
    yield f"They estimate how likely a debt is {explained.about or 'paid'}, by what happened with your debts alone."
    for debt in explained.debts:
        yield from _debt_lines(debt)
    yield "What the points are for: the order in which we work, and what we may offer you on top."
    yield "They never refuse you a plan, make a settlement dearer, bring a message forward or decide about a lawyer."
    yield "You may object: then no points are made of you any more, and nothing gets worse by that."
    yield "A person answers your questions about them and looks at whatever you think is wrong."


def answer_to_debtor(explained: ExplainedScore) -> dict[str, Any]:
    """The same for a file that whoever is scored takes away: the text and its figures, without who approved them."""
    figures = {key: value for key, value in explained.as_json().items() if key != "approved_by"}
    return {"text": list(for_the_debtor(explained)), **figures}


def _debt_lines(debt: ScoredDebt) -> Iterator[str]:
    yield ""
    if debt.score is None:
        yield f"{debt.debt}: you objected, so no points are made."
        return
    yield f"{debt.debt}: {debt.score} points{f', {debt.band}' if debt.band else ''}"
    yield f"  {debt.base:>5}  to begin with"
    for each in debt.counted:
        yield f"  {each.points:>+5}  {each.says}: {each.value} ({each.range}). {each.fair_because}".rstrip()
