"""Writes what counsel needs of every debt that goes to them, a folder each, and is silent about it from then on."""

import csv
import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from dispatcher.agreements import handover
from dispatcher.agreements.storage import arrangements
from dispatcher.agreements.watch import Watcher
from dispatcher.counsel.domain.case import DECIDED, HANDED_OVER, NOTIFIED, Case
from dispatcher.counsel.list_cases import list_cases, note_final_notices, with_tried
from dispatcher.counsel.storage import tried
from dispatcher.database.engine import Database
from dispatcher.people.domain import hold_kinds
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.people.recording import Said
from dispatcher.people.storage import person_lists
from dispatcher.people.storage.debt_files import load_debts
from dispatcher.people.storage.people import load_people
from dispatcher.planning.policy import Policy
from dispatcher.record.export_evidence import Source, export_evidence
from dispatcher.record.storage.evidence import Scope, persons_of
from dispatcher.values.charges import Charge
from dispatcher.values.instants import instant_text
from dispatcher.values.money import Money
from dispatcher.writing.domain.message_inputs import debt_view

STATEMENT = ("what", "day", "amount", "currency")


@dataclass(frozen=True, kw_only=True, slots=True)
class Exporting:
    """What an export works with. `only`: these debts (`creditor/reference`), all that may go if empty."""

    database: Database
    policy: Policy
    source: Source
    said: Said
    only: Collection[str] = ()
    without_notice: str = ""  # why the named debts go before their final notice's day


@dataclass(kw_only=True, slots=True)
class Exported:
    """What was written, and why the rest stays."""

    written: list[dict[str, str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def export_cases(exporting: Exporting, out: Path) -> Exported:
    """Write a folder a debt into `out`; raises RecordError where a debt that was named may not go.

    A folder is whole before the debt counts as handed over; a debt that may not go after all has none.
    """
    if exporting.without_notice.strip() and not exporting.only:
        raise RecordError("--without-notice is about debts that are named: say which with --debt")
    on = exporting.said.now.date()
    note_final_notices(
        exporting.database,
        exporting.policy,
        Watcher(now=exporting.said.now, actor=exporting.said.actor, as_of=on),
    )
    with exporting.database.reading() as connection:
        cases = [
            case
            for case in list_cases(connection, exporting.policy, on)
            if case.state in (DECIDED, NOTIFIED) and (not exporting.only or case.debt in exporting.only)
        ]
        cases = with_tried(connection, cases)
    missing = sorted(set(exporting.only) - {case.debt for case in cases})
    if missing:
        raise RecordError(f"nobody decided to hand over {', '.join(missing)}: `dispatcher handover list`")
    if exporting.only:  # all that were named, or none
        for case in cases:
            _check(exporting, case)
    done = Exported()
    for case in cases:
        try:
            done.written.append(_export(exporting, case, out))
        except RecordError as problem:
            if exporting.only:
                raise
            done.left.append(str(problem))
    return done


def _export(exporting: Exporting, case: Case, out: Path) -> dict[str, str]:
    _check(exporting, case)
    folder = out / case.debt.replace("/", "_")
    _write(exporting, folder, case)
    try:
        handover.hand_over(
            exporting.database,
            case.debtor,
            _reference(case),
            exporting.said,
            needs_notice=case.needs_notice,
            without_notice=exporting.without_notice,
        )
    except RecordError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return {"debt": case.debt, "debtor": case.debtor, "folder": str(folder)}


def _check(exporting: Exporting, case: Case) -> None:
    with exporting.database.reading() as connection:
        handover.check_hand_over(
            connection, case.debt_id, _reference(case), exporting.said.now.date(),
            needs_notice=case.needs_notice, without_notice=exporting.without_notice,
        )  # fmt: skip


def _reference(case: Case) -> str:
    return case.debt.partition("/")[2]


def _write(exporting: Exporting, folder: Path, case: Case) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    today = exporting.said.now.date()
    with exporting.database.reading() as connection:
        debt = load_debts(connection, [case.debt_id], as_of=today)[case.debt_id]
        payments = tried.payments_of(connection, case.debt_id)
        agreed = arrangements.read(connection, arrangements.ever_on_debts(connection, [case.debt_id]))
        records = person_lists.records_of(connection, case.debtor_id)
        points = person_lists.points_of(connection, case.debtor_id)
        persons = persons_of(connection, case.debtor)
        person = load_people(connection, [case.debtor_id], now=exporting.said.now)[case.debtor_id]
        sent = tried.messages_of(connection, case.debt_id)
    with (folder / "statement.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(STATEMENT)
        writer.writerows(statement(debt, payments, today, _charge_of(exporting, case)))
    _json(folder / "case.json", _case_as_handed_over(exporting, case, person))
    _json(folder / "arrangements.json", [one.as_json() for one in agreed])
    _json(
        folder / "contacts.json", {"messages": sent, **{name: _rows(each) for name, each in records.items()}}
    )
    _json(folder / "addresses.json", [_postal(person), *_rows(points)])
    export_evidence(exporting.source, Scope(persons=persons), folder / "evidence.zip")


def _case_as_handed_over(exporting: Exporting, case: Case, person: PersonFile) -> dict[str, Any]:
    """What counsel reads is the state that the folder brings about, with the names of both sides."""
    gone = replace(
        case,
        state=HANDED_OVER,
        exported_at=instant_text(exporting.said.now),
        last_step_on=case.last_step_on or case.tried.last_on,
    )
    sender = exporting.policy.senders.get(person.creditor)
    names = {"creditor_name": (sender.creditor_name or sender.name) if sender else person.creditor}
    without = {"without_notice": exporting.without_notice} if exporting.without_notice.strip() else {}
    return {**gone.as_json(), "debtor_name": person.name, **names, **without}


def _postal(person: PersonFile) -> dict[str, Any]:
    return {
        "channel": "letter",
        "name": person.name,
        "address_lines": list(person.address_lines),
        "postal_code": person.postal_code,
        "city": person.city,
        "region": person.region,
        "country": person.country,
    }


def statement(
    debt: DebtFile, payments: Sequence[tuple[date, int]], today: date, charge: Charge | None = None
) -> Iterator[tuple[str, object, Any, str]]:
    """(what, day, amount, currency) of the account to the day, made up as every text about it says it.

    Interest is the ledger's to book: a day adds something only where the creditor claims a statute's charges.
    """
    view, currency = debt_view(debt, today, charge), debt.ledger.currency
    known_on, zero = debt.known_on or today, Money(0, currency)
    before = (view.paid or zero).minor - debt.paid.minor
    yield "original amount", debt.issued_on or "", view.original.amount, currency
    for what, part in (("interest", view.interest), ("fees", view.fees), ("other charges", view.charges)):
        yield what, known_on, (part or zero).amount, currency
    yield "payments and credits in the ledger", known_on, Money(before, currency).amount, currency
    yield "balance in the ledger", known_on, debt.ledger.amount, currency
    for day, minor in payments:
        yield "payment recorded", day, Money(minor, currency).amount, currency
    yield "paid since that ledger", today, debt.paid.amount, currency
    yield "credits", today, debt.credit.amount, currency
    yield "owed", today, debt.balance.amount, currency
    if view.with_late is not None:
        yield f"interest by {view.late_reference}", today, (view.late_interest or zero).amount, currency
        yield f"costs of recovery by {view.late_reference}", today, (view.late_costs or zero).amount, currency
        yield "owed with them", today, view.with_late.amount, currency
    yield "added a day from here", today, (view.late_per_day or zero).amount, currency


def _charge_of(exporting: Exporting, case: Case) -> Charge | None:
    sender = exporting.policy.senders.get(case.debt.partition("/")[0])
    return sender.charges if sender else None


def _rows(rows: Sequence[Any]) -> list[Mapping[str, Any]]:
    """By name; what was said in need stays with those who look after it."""
    found = [dict(row._mapping) for row in rows]  # noqa: SLF001 by name
    return [row for row in found if row.get("kind") != hold_kinds.HoldKind.CARE]


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
