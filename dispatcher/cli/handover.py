"""`dispatcher handover`: what counsel should get, who decided it, and the folder that goes to them."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatcher.agreements import handover
from dispatcher.agreements.storage import arrangements, handovers
from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, AsOf, Now, actor, opened, print_json
from dispatcher.people.recording import Recorded, Said
from dispatcher.people.storage import person_lists
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.people.storage.people_facts import debts_of
from dispatcher.planning.storage.candidates import strategies_of
from dispatcher.planning.storage.handover_candidates import proposed
from dispatcher.values.money import Money

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
        lines: list[dict[str, Any]] = [
            {
                "state": "proposed",
                "debtor": one.debtor,
                "debt": one.debt,
                "owed": str(one.owed.amount),
                "currency": one.owed.currency,
                "due_date": one.due_date.isoformat(),
                "time_barred_on": one.time_barred_on.isoformat() if one.time_barred_on else None,
                "last_step_on": one.last_step_on.isoformat() if one.last_step_on else None,
                "why": one.why,
                "decided_on": None,
                "decided_by": [],
                "needs_second": one.needs_second,
            }
            for one in proposed(connection, program.policy.strategies, day, program.policy.segments)
        ]
        lines += [_line(row) for row in handovers.listed(connection)]
    if as_json:
        print_json(lines)
        return
    for line in lines:
        decided = f", decided on {line['decided_on']}" if line["decided_on"] else ""
        why = f" ({line['why']})" if line["why"] else ""
        print(
            f"{line['state']}: {line['debt']} of {line['debtor']}, {line['owed']} {line['currency']}{decided}{why}"
        )
    if not lines:
        print("nothing waits for a decision; `handover:` in a strategy says when something does")


@app.command()
def decide(
    debtor: Who, *, debt: Debt, source: Source = "", note: Note = "", now: Now = None, as_json: AsJson = False
) -> None:
    """Decide to hand a debt over; where the strategy wants two people, a second one must as well.

    Example: dispatcher handover decide acme/00042 --debt 0000000082 --note "no answer to five letters"
    """
    with opened(now) as program:
        said = _said(program, source, note)
        done = handover.decide(
            program.database, debtor, debt, said, needs_second=_needs_second(program, debtor, debt)
        )
        _tell(done, as_json)


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
    source: Source = "",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Write what counsel needs of every debt that is decided, and be silent about it from now on.

    Example: dispatcher handover export --out counsel/2026-11-16
    """
    written = []
    with opened(now) as program:
        with program.database.reading() as connection:
            rows = [row for row in handovers.listed(connection) if row.state in ("decided", "notified")]
        for row in rows:
            who, reference = f"{row.key}/{row.debtor}", f"{row.key}/{row.reference}"
            handover.hand_over(program.database, who, row.reference, _said(program, source, ""))
            folder = out / reference.replace("/", "_")
            _write(program, folder, who, row)
            written.append({"debt": reference, "debtor": who, "folder": str(folder)})
    if as_json:
        print_json(written)
        return
    for one in written:
        print(f"{one['debt']}: {one['folder']}")
    if not written:
        print("no decided debt waits for its export; `dispatcher handover list` shows what there is")


def _write(program: Dispatcher, folder: Path, who: str, row: Any) -> None:
    from dispatcher.cli.log import source_of
    from dispatcher.record.export_evidence import export_evidence
    from dispatcher.record.storage.evidence import Scope, persons_of

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    today = program.now().date()
    with program.database.reading() as connection:
        debtor = find_debtor(connection, who)
        debt = load_debts(connection, [row.debt_id], as_of=today)[row.debt_id]
        agreed = [
            one for one in arrangements.listed(connection, debtor_id=debtor.id) if row.debt_id in one.debt_ids
        ]
        records = person_lists.records_of(connection, debtor.id)
        points = person_lists.points_of(connection, debtor.id)
        persons = persons_of(connection, who)
    with (folder / "statement.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["what", "day", "amount", "currency"])
        currency = debt.ledger.currency
        if debt.original is not None:
            writer.writerow(["original amount", debt.issued_on or "", debt.original.amount, currency])
        writer.writerow(["balance in the ledger", debt.known_on or today, debt.ledger.amount, currency])
        writer.writerow(["paid since that ledger", today, debt.paid.amount, currency])
        writer.writerow(["credits", today, debt.credit.amount, currency])
        writer.writerow(["owed", today, debt.balance.amount, currency])
    _json(folder / "arrangements.json", [one.as_json() for one in agreed])
    _json(folder / "contacts.json", {name: _rows(each) for name, each in records.items()})
    _json(folder / "addresses.json", _rows(points))
    export_evidence(source_of(program), Scope(persons=persons), folder / "evidence.zip")


def _rows(rows: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 by name


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")


def _needs_second(program: Dispatcher, who: str, reference: str) -> bool:
    with program.database.reading() as connection:
        debtor = find_debtor(connection, who)
        bare = reference.removeprefix(f"{debtor.creditor}/")
        today = program.now().date()
        ids = [d.id for d in debts_of(connection, debtor.id, today) if d.reference == bare]
        policy = program.policy
        names = strategies_of(connection, policy.strategies, ids, segments=policy.segments, as_of=today)
    rules = [program.policy.strategy(name) for name in names.values()]
    return any(one is not None and one.handover is not None and one.handover.needs_second for one in rules)


def _said(program: Dispatcher, source: str, note: str) -> Said:
    return Said(now=program.now(), actor=actor(), source=source, note=note)


def _tell(done: Recorded, as_json: bool) -> None:
    if as_json:
        print_json({"debtor": done.debtor, "debts": done.debts, **done.details})
    else:
        print(f"{', '.join(done.debts)}: {done.details['state'].replace('_', ' ')}")


def _line(row: Any) -> dict[str, Any]:
    def day(value: date | None) -> str | None:
        return value.isoformat() if value else None

    return {
        "state": row.state,
        "debtor": f"{row.key}/{row.debtor}",
        "debt": f"{row.key}/{row.reference}",
        "owed": str(Money(row.balance_minor - row.paid_minor, row.currency).amount),
        "currency": row.currency,
        "due_date": day(row.due_date),
        "time_barred_on": day(row.time_barred_on),
        "why": row.note,
        "decided_on": day(row.decided_on),
        "decided_by": list(row.decided_by),
        "exported_at": row.exported_at.isoformat() if row.exported_at else None,
    }
