"""`dispatcher handover`: what counsel should get, who decided it, and the folder that goes to them."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from dispatcher.agreements import handover
from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, AsOf, Now, actor, opened, print_json
from dispatcher.counsel.domain.case import Case
from dispatcher.counsel.list_cases import find_case, list_cases, rules_of_debt, with_tried
from dispatcher.people.recording import Recorded, Said

app = typer.Typer()

Who = Annotated[str, typer.Argument(metavar="DEBTOR", help="creditor/reference.")]
Debt = Annotated[str, typer.Option("--debt", metavar="REFERENCE", help="The debt.")]
Note = Annotated[str, typer.Option(help="In your words; erasable.")]
Source = Annotated[str, typer.Option(help="Where this comes from.")]
Why = Annotated[str, typer.Option(help="Why; kept, and erasable.")]


@app.command("list")
def list_handovers(*, as_of: AsOf = None, now: Now = None, as_json: AsJson = False) -> None:
    """What somebody should decide, the next to be time-barred first; what was decided, and what counsel has.

    Example: dispatcher handover list --as-of 2026-11-16
    """
    with opened(now) as program, program.database.reading() as connection:
        day = as_of or program.now().date()
        cases = with_tried(connection, list_cases(connection, program.policy, day))
    if as_json:
        print_json([case.as_json() for case in cases])
        return
    for case in cases:
        print("\n".join(_lines(case, day)))
    if not cases:
        print("nothing waits for a decision; `handover:` in a strategy says when something does")


def _lines(case: Case, day: date) -> list[str]:
    barred = f", time-barred on {case.time_barred_on}" if case.time_barred_on else ""
    barred += ": no court takes it any more" if case.is_barred(day) else ""
    decided = f", decided on {case.decided_on}" if case.decided_on else ""
    named = f", final notice of {case.notified_on} names {case.hand_over_on}" if case.notified_on else ""
    why = f" ({case.why})" if case.why and case.why not in barred else ""
    head = (
        f"{case.state.replace('_', ' ')}: {case.debt} of {case.debtor}, {case.owed}, due since {case.due_date} "
        f"({case.age_days} days){barred}{decided}{named}{why}"
    )
    return [head, *(f"  {sentence}" for sentence in case.tried.sentences())]


@app.command()
def decide(
    debtor: Who, *, debt: Debt, source: Source = "", note: Note = "", now: Now = None, as_json: AsJson = False
) -> None:
    """Decide to hand a debt over; where the strategy wants two people, a second one must as well.

    Example: dispatcher handover decide acme/00042 --debt 0000000082 --note "no answer to five letters"
    """
    with opened(now) as program:
        today = program.now().date()
        with program.database.reading() as connection:
            second, _ = rules_of_debt(connection, program.policy, debtor, debt, today)
            case = find_case(connection, program.policy, debtor, debt, today)
        said = _said(program, source, note)
        why = case.why if case else ""
        _tell(handover.decide(program.database, debtor, debt, said, needs_second=second, why=why), as_json)


@app.command()
def refuse(
    debtor: Who, *, debt: Debt, why: Why, source: Source = "", now: Now = None, as_json: AsJson = False
) -> None:
    """Decide not to hand a debt over.

    Example: dispatcher handover refuse acme/00042 --debt 0000000082 --why "too small to sue for"
    """
    with opened(now) as program:
        _tell(handover.refuse(program.database, debtor, debt, _said(program, source, ""), why=why), as_json)


@app.command()
def withdraw(
    debtor: Who, *, debt: Debt, why: Why, source: Source = "", now: Now = None, as_json: AsJson = False
) -> None:
    """Take a decision back, or a debt back from counsel.

    Example: dispatcher handover withdraw acme/00042 --debt 0000000082 --why "a plan was agreed"
    """
    with opened(now) as program:
        _tell(handover.withdraw(program.database, debtor, debt, _said(program, source, ""), why=why), as_json)


@app.command()
def export(
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="A folder a debt is written into it.")],
    debt: Annotated[
        list[str] | None,
        typer.Option("--debt", metavar="CREDITOR/REFERENCE", help="This debt alone; may be repeated."),
    ] = None,
    without_notice: Annotated[
        str,
        typer.Option(
            "--without-notice",
            metavar="WHY",
            help="Why the named debts go before the day of their final notice.",
        ),
    ] = "",
    source: Source = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Write what counsel needs of every debt that is decided and whose final notice's day has come.

    From then on the program is silent about it. What stays, and why, is said on standard error.

    Example: dispatcher handover export --out counsel/2026-11-16
    """
    from dispatcher.cli.log import source_of
    from dispatcher.counsel.export_cases import Exporting, export_cases

    with opened(now) as program:
        exporting = Exporting(
            database=program.database,
            policy=program.policy,
            source=source_of(program),
            said=_said(program, source, ""),
            only=tuple(debt or ()),
            without_notice=without_notice,
        )
        done = export_cases(exporting, out)
    for line in done.left:
        print(line, file=sys.stderr)
    if as_json:
        print_json(done.written)
        return
    for one in done.written:
        print(f"{one['debt']}: {one['folder']}")
    if not done.written:
        print("no decided debt waits for its export; `dispatcher handover list` shows what there is")


def _said(program: Dispatcher, source: str, note: str) -> Said:
    return Said(now=program.now(), actor=actor(), source=source, note=note)


def _tell(done: Recorded, as_json: bool) -> None:
    if as_json:
        print_json({"debtor": done.debtor, "debts": done.debts, **done.details})
    else:
        print(f"{', '.join(done.debts)}: {done.details['state'].replace('_', ' ')}")
