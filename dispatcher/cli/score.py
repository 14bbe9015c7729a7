"""`dispatcher score`: how a score came about, and a scorecard learned from closed debts."""

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.cli.opening import AsJson, AsOf, Now, opened, parse_day, print_json

if TYPE_CHECKING:
    from dispatcher.treatment.explain_score import ScoredDebt

app = typer.Typer()


@app.command()
def explain(
    debtor: Annotated[
        str,
        typer.Argument(
            metavar="DEBTOR", help="creditor/reference, or a reference that only one creditor has."
        ),
    ],
    *,
    for_debtor: Annotated[
        bool, typer.Option("--for-debtor", help="The text that they may be shown on request.")
    ] = False,
    as_of: AsOf = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Each attribute's points for each open debt, why it may count, and who approved the card.

    Example: dispatcher score explain acme/00042 --as-of 2026-11-16
    """
    from dispatcher.treatment.explain_score import OFF, explain_score, for_the_debtor

    with opened(now) as program, program.database.reading() as connection:
        day = as_of or program.now().date()
        found = explain_score(connection, program.policy.scorecard, debtor, day)
    if as_json:
        print_json(found.as_json())
    elif for_debtor:
        print("\n".join(for_the_debtor(found)))
    elif not found.card:
        print(OFF)
    else:
        print(f"{found.debtor} on {found.on}, scorecard {found.card}, approved by {found.approved_by}")
        for debt in found.debts:
            _print_debt(debt)
        if not found.debts:
            print("Nothing is owed, so there is nothing to score.")


def _print_debt(debt: "ScoredDebt") -> None:
    from dispatcher.treatment.explain_score import OBJECTED

    if debt.score is None or debt.percent is None:
        print(f"\n{debt.debt}: no score. {OBJECTED}")
        return
    band = f", {debt.band}" if debt.band else ""
    print(f"\n{debt.debt}: {debt.score}{band}; of a hundred such debts some {debt.percent:.0f} are paid")
    print(f"  {debt.base:>5}  base")
    for each in debt.counted:
        print(f"  {each.points:>+5}  {each.says}: {each.value} ({each.range})")


@app.command()
def fit(
    learn_from: Annotated[
        date,
        typer.Option(
            "--learn-from", parser=parse_day, metavar="DATE", help="First day of debts to learn from."
        ),
    ],
    learn_to: Annotated[
        date,
        typer.Option(
            "--learn-to", parser=parse_day, metavar="DATE", help="Last day of which it may know anything."
        ),
    ],
    judge_to: Annotated[
        date | None,
        typer.Option(
            "--judge-to",
            parser=parse_day,
            metavar="DATE",
            help="It is judged on debts from the next day to this one.",
        ),
    ] = None,
    *,
    begins: Annotated[
        str,
        typer.Option(
            "--begins", help="The day of a debt on which it is looked at: due (the day after) or issued."
        ),
    ] = "due",
    within: Annotated[
        int, typer.Option("--within", min=1, max=365, help="Paid within so many days is the aim.")
    ] = 30,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE.yaml", help="The scorecard, off until somebody approves it."),
    ] = Path("scorecard.yaml"),
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.json", help="The report's figures as JSON.")
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(
            "--groups",
            metavar="FILE.csv",
            help="debtor,group: to compare groups in the report, and for nothing else.",
        ),
    ] = None,
    creditor: Annotated[str | None, typer.Option("--creditor", help="This creditor's debts alone.")] = None,
    now: Now = None,
) -> None:
    """Learn points from closed debts, judge them on later ones, write a card that is off and a report.

    Needs the extra [score] (scikit-learn). Nothing in the database changes.

    Example: dispatcher score fit --learn-from 2024-01-01 --learn-to 2024-12-31 --out card.yaml --report report.json
    """
    from dispatcher.treatment.fit_score import FitRequest, fit_score
    from dispatcher.treatment.score_files import card_as_yaml, read_groups, report_in_words

    if begins not in ("due", "issued"):
        raise typer.BadParameter(f"{begins!r} is neither due nor issued", param_hint="--begins")
    with opened(now) as program:
        request = FitRequest(
            learn_from=learn_from,
            learn_to=learn_to,
            judge_to=judge_to or program.now().date(),
            begins=begins,
            within=within,
            creditor=creditor,
            made_on=program.now().date(),
            groups=read_groups(groups) if groups else {},
        )
        fitted = fit_score(program.database, request)
    out.write_text(card_as_yaml(fitted.card), encoding="utf-8")
    if report is not None:
        report.write_text(json.dumps(fitted.as_json(), indent=2) + "\n", encoding="utf-8")
    for line in report_in_words(fitted):
        print(line)
    print(f"\nwrote {out}: it is off until a person has approved each attribute and the card")
