"""A learned card as the file that a person approves, its report in words, and the groups that it is compared by."""

import csv
from collections.abc import Iterator
from pathlib import Path

from dispatcher.treatment.domain.score_quality import WINDOWS, Quality
from dispatcher.treatment.domain.scorecard import Attribute, Scorecard
from dispatcher.treatment.fit_score import FitRefused, FittedScore


def card_as_yaml(card: Scorecard) -> str:
    """The file: off, and without anybody's approval."""
    lines = [
        "# Learned by `dispatcher score fit`. Read each attribute: say why it is fair and who approves it, then set",
        "# approved_by and approved_on, and `use: true`; without them the file is refused.",
        "use: false",
        f"name: {card.name}",
        f'version: "{card.version}"',
        f"date: {card.made_on}",
        f"about: {card.about}",
        'approved_by: ""',
        f"base: {card.base}",
        f"percent_at_base: {card.percent_at_base}",
        f"double: {card.double}",
        "bands:",
        *(
            f"  - {{name: {band.name}{'' if band.below is None else f', below: {band.below}'}}}"
            for band in card.bands
        ),
        "attributes:",
    ]
    for attribute in card.attributes:
        lines += _attribute_lines(attribute)
    return "\n".join(lines) + "\n"


def _attribute_lines(attribute: Attribute) -> Iterator[str]:
    yield f"  - fact: {attribute.fact.value}  # {attribute.says}"
    if attribute.within_days is not None:
        yield f"    within_days: {attribute.within_days}"
    if attribute.currency:
        yield f"    currency: {attribute.currency}"
    yield '    fair_because: ""'
    yield '    approved_by: ""'
    yield f"    unknown: {attribute.unknown}"
    yield "    points:"
    for each in attribute.ranges:
        below = "" if each.below is None else f'below: "{each.below}", '
        yield f"      - {{{below}points: {each.points}}}"


def read_groups(path: Path) -> dict[str, str]:
    """`debtor,group` as CSV -> debtor to group; raises FitRefused naming file and line."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        if not {"debtor", "group"} <= set(rows.fieldnames or ()):
            raise FitRefused(f"{path}:1: the columns must be debtor and group, debtor as creditor/reference")
        return {row["debtor"]: row["group"] for row in rows if row["debtor"] and row["group"]}


def report_in_words(fitted: FittedScore) -> Iterator[str]:
    """What a person reads before approving."""
    request, quality = fitted.request, fitted.quality
    yield (
        f"Learned from {fitted.learned_from} debts whose {request.within} days were over by {request.learn_to}; "
        f"judged on {quality.debts} later ones, up to {request.judge_to}."
    )
    yield ""
    yield f"{'':<18} {'order (AUC)':>12} {'Brier':>8} {'foretold':>9} {'paid':>7} {'off by':>7}"
    yield _line("this card", quality)
    for name, (_, each) in fitted.baselines.items():
        yield _line(name, each)
    yield ""
    windows = "".join(f"{f'paid in {days}':>12}" for days in WINDOWS)
    yield f"{'band':<18} {'debts':>7} {'foretold':>9} {'paid':>7}{windows}"
    for band in quality.bands:
        within = "".join(f"{100 * band.paid_within[days]:>11.1f}%" for days in WINDOWS)
        yield f"{band.band:<18} {band.debts:>7} {100 * band.foretold:>8.1f}% {100 * band.paid:>6.1f}%{within}"
    if fitted.groups:
        yield ""
        yield "Groups that the desk named to compare; they count for nothing:"
        yield f"{'group':<18} {'debts':>7} {'points':>7} {'foretold':>9} {'paid':>7} {'AUC':>6}"
        for group in fitted.groups:
            auc = "–" if group.auc is None else f"{group.auc:.3f}"
            yield (
                f"{group.group:<18} {group.debts:>7} {group.mean_score:>7.0f} {100 * group.foretold:>8.1f}% "
                f"{100 * group.paid:>6.1f}% {auc:>6}"
            )


def _line(name: str, quality: Quality) -> str:
    auc = "–" if quality.auc is None else f"{quality.auc:.3f}"
    return (
        f"{name:<18} {auc:>12} {quality.brier:>8.4f} {100 * quality.foretold:>8.1f}% {100 * quality.paid:>6.1f}% "
        f"{100 * quality.calibration_error:>6.1f}%"
    )
