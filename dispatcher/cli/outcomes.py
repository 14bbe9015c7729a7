"""`dispatcher outcomes`: what each step, text, channel, segment or arm brought in."""

import csv
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.cli.opening import AsJson, AsOf, Now, opened, parse_day, print_json

if TYPE_CHECKING:
    from dispatcher.treatment.compare_outcomes import OutcomeReport
    from dispatcher.treatment.domain.outcomes import Outcome


def outcomes(
    first: Annotated[
        date | None,
        typer.Option(
            "--from",
            parser=parse_day,
            metavar="DATE",
            help="First day of sending; 30 days back unless given.",
        ),
    ] = None,
    last: Annotated[
        date | None,
        typer.Option(
            "--to", parser=parse_day, metavar="DATE", help="Last day of sending; today unless given."
        ),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="step, template, channel, segment or arm.")] = "step",
    as_of: AsOf = None,
    now: Now = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.csv", help="Write the table there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What messages brought in: answers, agreements, payments within 7, 14 and 30 days, and how sure that is.

    Example: dispatcher outcomes --from 2026-10-01 --to 2026-10-31 --by template
    """
    from dispatcher.treatment.compare_outcomes import OutcomeRequest, compare_outcomes, table_of
    from dispatcher.treatment.domain.outcomes import By

    if by not in list(By):
        raise typer.BadParameter(f"{by!r} is none of {', '.join(By)}", param_hint="--by")
    with opened(now) as program:
        today = as_of or program.now().date()
        until = last or today
        request = OutcomeRequest(
            first=first or until - timedelta(days=30),
            last=until,
            as_of=today,
            by=By(by),
            running=program.policy.running_experiments(today),
        )
        report = compare_outcomes(program.database, request, program.prices)
    if out is not None:
        with out.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows(table_of(report))
        print(f"wrote {out}", file=sys.stderr)
    if as_json:
        print_json(report.as_json())
    elif out is None:
        _print(report, request.first, request.last)


def _print(report: "OutcomeReport", first: date, last: date) -> None:
    from dispatcher.treatment.compare_outcomes import in_words, still_running

    print(f"Messages that went out from {first} to {last}; payments are known until {report.until}.")
    for outcome in report.outcomes:
        _print_group(outcome)
    if not report.outcomes:
        print("None went out.")
    for sentence in still_running(report.request):
        print(sentence)
    for difference in report.differences:
        print(in_words(difference))


def _print_group(outcome: "Outcome") -> None:
    from dispatcher.treatment.compare_outcomes import cost_in_words, money
    from dispatcher.treatment.domain.outcomes import Sign

    print(f"\n{outcome.group}")
    signs = ", ".join(f"{outcome.signs[sign]} {sign.value.replace('_', ' ')}" for sign in Sign)
    print(
        f"  {outcome.sent} sent to {outcome.people} people, {outcome.delivered} known to have arrived; {signs}"
    )
    for paid in outcome.paid:
        brought = ", ".join(
            f"{money(paid.total(currency), currency)} {currency}" for currency in paid.amounts
        )
        share = f" ({100 * paid.paid / paid.people:.1f} %)" if paid.people else ""
        print(
            f"  within {paid.days} days {paid.paid} of {paid.people} paid{share}{', ' if brought else ''}{brought}"
        )
    print(f"  {outcome.complained} complaints; cost {cost_in_words(outcome)}")
