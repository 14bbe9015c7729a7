"""What a creditor's system pushes and reads of debts and payments."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

from starlette.responses import JSONResponse

from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Recorded, Said
from dispatcher.runs.storage import jobs
from dispatcher.runs.storage.jobs import Job
from dispatcher.values import written
from dispatcher.web.api.bounds import creditor_asked, debtor_named
from dispatcher.web.api.models import published
from dispatcher.web.api.operation import PREFIX, limit_of, listed
from dispatcher.web.api.wire_models import Pushed
from dispatcher.web.site.filters import a_number, a_path_number
from dispatcher.web.site.job_runner import Report
from dispatcher.web.site.page import sentence_of, site_of
from dispatcher.web.site.visit import RefusedError, Visit, not_found
from dispatcher.wire.push_debts import Push, push_debts
from dispatcher.wire.storage import wire_lists
from dispatcher.wire.storage.wire_lists import DebtLine, PaymentLine

AT_ONCE = 1_000  # rows that are taken while the sender waits; more are a job
MOST_ROWS = 50_000
PUSH = "push"


def list_creditors(visit: Visit) -> Any:
    """Creditors by key."""
    with visit.program.database.reading() as connection:
        return listed(list(wire_lists.list_creditors(connection, visit.only_creditor)), None)


def list_debts(visit: Visit) -> Any:
    """Debts in the order they came."""
    limit, only = limit_of(visit), creditor_asked(visit)
    with visit.program.database.reading() as connection:
        lines = wire_lists.page_of_debts(
            connection,
            only=only,
            debtor=visit.query("debtor"),
            after=a_number(visit, "cursor") or 0,
            limit=limit + 1,
        )
    more = lines[limit - 1].id if len(lines) > limit else None
    return listed([_debt(line) for line in lines[:limit]], more)


def get_debt(visit: Visit) -> Any:
    """One debt with its parties."""
    creditor = visit.path("creditor")
    if visit.only_creditor not in ("", creditor):
        raise not_found("such debt")
    with visit.program.database.reading() as connection:
        line = wire_lists.find_debt(connection, creditor, visit.path("reference"))
        if line is None:
            raise not_found("such debt")
        parties = wire_lists.parties_of(connection, line.id)
    return _debt(line) | {"parties": [{"reference": one, "relation": how} for one, how in parties]}


def list_parties(visit: Visit) -> Any:
    """Everybody who answers for a debt beside its debtor, debt by debt."""
    limit = limit_of(visit)
    with visit.program.database.reading() as connection:
        lines = wire_lists.page_of_parties(
            connection,
            only=creditor_asked(visit),
            debt=visit.query("debt"),
            after=_pair(visit),
            limit=limit + 1,
        )
    more = f"{lines[limit - 1].debt_id}-{lines[limit - 1].debtor_id}" if len(lines) > limit else None
    return listed(lines[:limit], more)


def _pair(visit: Visit) -> tuple[int, int]:
    """The cursor of a list that goes by debt and person."""
    text = visit.query("cursor")
    if not text:
        return 0, 0
    first, _, second = text.partition("-")
    debt, debtor = written.whole_number(first), written.whole_number(second)
    if debt is None or debtor is None:
        raise RefusedError(400, f"cursor: {text[:50]!r} is none; give `next` of the page before.")
    return debt, debtor


def push(visit: Visit) -> Any:
    """Insert or update debts by their references; an error a row, and nothing said of debts that are not named."""
    return _pushed(visit, _push_of(visit, _rows(visit.body)))


def push_debtors(visit: Visit) -> Any:
    """Insert or update debtors by their references, whether or not they owe anything yet; an error a row."""
    return _pushed(visit, replace(_push_of(visit, _rows(visit.body)), people_only=True))


def _pushed(visit: Visit, request: Push) -> Any:
    documents = request.documents
    if len(documents) <= AT_ONCE:
        pushed = push_debts(visit.program.database, request, watch=visit.program.watch_ledger)
        return {"state": "done", **pushed.as_json()}
    job = site_of(visit.request).jobs.start(
        PUSH, visit.user.name, {"rows": len(documents)}, _work(visit, request)
    )
    location = f"{PREFIX}/imports/{job}"
    answer = published(Pushed, {"id": job, "state": "running", "location": location, "rows": len(documents)})
    return JSONResponse(answer, status_code=202, headers={"Location": location})


def list_imports(visit: Visit) -> Any:
    """Long pushes, newest first; an account sees its own."""
    limit, owner = limit_of(visit), visit.user.name if visit.user.account else ""
    with visit.program.database.reading() as connection:
        found = jobs.of_kind(
            connection,
            PUSH,
            owner=owner,
            before=a_number(visit, "cursor"),
            now=visit.program.real_now(),
            limit=limit + 1,
        )
    return listed(
        [_import(job) for job in found[:limit]], found[limit - 1].id if len(found) > limit else None
    )


def get_import(visit: Visit) -> Any:
    """How far a long push has come, or what it came to."""
    number = a_path_number(visit, "id", "such import")
    with visit.program.database.reading() as connection:
        job = jobs.get(connection, number, now=visit.program.real_now())
    if job is None or job.kind != PUSH or (visit.user.account and job.owner != visit.user.name):
        raise not_found("such import")
    return _import(job)


def _import(job: Job) -> dict[str, Any]:
    why = "It was cut off; send the rows again: what is in already stays as it is."
    return {
        "id": job.id,
        "state": job.state,
        "location": f"{PREFIX}/imports/{job.id}",
        "rows": job.details["rows"],
        **({"why": why} if job.state == "interrupted" else {}),
        **job.result,
    }


def list_payments(visit: Visit) -> Any:
    """Payments in the order they were recorded."""
    limit = limit_of(visit)
    with visit.program.database.reading() as connection:
        lines = wire_lists.page_of_payments(
            connection,
            only=creditor_asked(visit),
            external_id=visit.query("external_id"),
            after=a_number(visit, "cursor") or 0,
            limit=limit + 1,
        )
    more = lines[limit - 1].id if len(lines) > limit else None
    return listed([_payment(line) for line in lines[:limit]], more)


def add_payment(visit: Visit) -> Any:
    """Record a payment on a debt, or on what a debtor owes: the agreed first, then the oldest."""
    who, debt = _payer(visit)
    given = {"amount": (visit.text("amount"),), "on": visit.fields("paid_on")}
    given |= {name: visit.fields(name) for name in ("again", "sure", "external_id")}
    if debt:
        given["debt"] = (debt,)
    return _recorded(visit, who, {name: texts for name, texts in given.items() if texts and texts[0]})


def reverse(visit: Visit) -> Any:
    """Take a payment back, in all its parts."""
    number = a_path_number(visit, "id", "such payment")
    with visit.program.database.reading() as connection:
        line = wire_lists.get_payment(connection, number, visit.only_creditor)
    if line is None:
        raise not_found("such payment")
    return _recorded(visit, line.debtor, {"reverse": (str(number),)}) | {"reversed": True}


def _recorded(visit: Visit, who: str, given: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    source = visit.text("source") or visit.actor
    said = Said(now=visit.now, actor=visit.actor, source=source[:300], note=visit.text("note")[:2_000])
    try:
        recorded: Recorded = visit.program.record("payment", who, said, given)
    except RecordError as error:
        raise RefusedError(
            409 if "before" in str(error) or "already" in str(error) else 422, sentence_of(error)
        ) from None
    return {
        **recorded.details,
        "debtor": recorded.debtor,
        "debts": list(recorded.debts),
        "already": recorded.already,
    }


def _payer(visit: Visit) -> tuple[str, str]:
    """Whom a payment is of, and the debt it names; what is another creditor's is not there."""
    debtor = visit.text("debtor") or visit.text("debtor_reference")
    if not _debt_text(visit):
        if not debtor:
            raise RefusedError(422, "debt: which was paid; or debtor: who paid.")
        return debtor_named(visit, debtor, visit.text("creditor")), ""
    line = debt_named(visit)
    _require_currency(visit, line)
    return debtor_named(visit, debtor, line.creditor) if debtor else line.debtor, line.reference


def debt_named(visit: Visit) -> DebtLine:
    """The debt that the body names; what is another creditor's is not there."""
    reference, creditor = _debt_text(visit), visit.only_creditor or visit.text("creditor")
    if not reference:
        raise RefusedError(422, "debt: which; the reference, or creditor/reference.")
    if "/" in reference and not creditor:
        creditor, _, reference = reference.partition("/")
    reference = reference.removeprefix(f"{creditor}/") if creditor else reference
    with visit.program.database.reading() as connection:
        lines = wire_lists.debts_called(connection, reference, creditor)
    if len(lines) != 1:
        said = "no debt of that reference" if not lines else "debts of several creditors: name the creditor"
        raise RefusedError(404 if not lines else 422, f"debt: {said}.")
    return lines[0]


def _debt_text(visit: Visit) -> str:
    return visit.text("debt") or visit.text("debt_reference")


def _require_currency(visit: Visit, line: DebtLine) -> None:
    said = visit.text("currency")
    if said and said != line.owed.currency:
        raise RefusedError(422, f"currency: the debt is in {line.owed.currency}, not {said[:10]}.")


def _rows(body: bytes) -> list[Any]:
    try:
        documents = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(400, "The body is no JSON.") from None
    if not isinstance(documents, list) or not documents:
        raise RefusedError(422, "The body is an array of rows, one a debt or a debtor.")
    if len(documents) > MOST_ROWS:
        raise RefusedError(413, f"{MOST_ROWS} rows at a time at most.")
    return documents


def _push_of(visit: Visit, documents: list[Any]) -> Push:
    asked, account = visit.query("as_of"), visit.user.account
    as_of: date | None = written.day(asked) if asked else visit.now.date()
    if as_of is None or as_of > visit.now.date():
        raise RefusedError(400, "as_of: the day the balances are of, such as 2026-11-23; not one to come.")
    return Push(
        documents=documents,
        creditor=visit.only_creditor,
        as_of=as_of,
        now=visit.program.real_now(),
        actor=visit.actor,
        settings=visit.program.import_settings,
        folder=visit.program.home / "pushes",
        dry_run=visit.query("dry_run") == "yes" or (account is not None and account.is_test),
    )


def _work(visit: Visit, request: Push) -> Any:
    def work(report: Report) -> dict[str, Any]:
        done = 0

        def on_rows(rows: int) -> None:
            nonlocal done
            done += rows
            report(done, len(request.documents))

        watch = visit.program.watch_ledger
        return push_debts(visit.program.database, request, watch=watch, on_rows=on_rows).as_json()

    return work


def _debt(line: DebtLine) -> dict[str, Any]:
    return {
        "creditor": line.creditor,
        "debtor": line.debtor,
        "reference": line.reference,
        "currency": line.owed.currency,
        "balance": str(line.owed.amount),
        "ledger_balance": str(line.ledger_balance.amount),
        "due_date": line.due_date,
        "settled_on": line.settled_on,
        "disputed_on": line.disputed_on,
        "balance_as_of": line.balance_as_of,
        "in_ledger": line.in_ledger,
    }


def _payment(line: PaymentLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "creditor": line.creditor,
        "debtor": line.debtor,
        "debt": line.debt,
        "amount": str(line.amount.amount),
        "currency": line.amount.currency,
        "paid_on": line.paid_on,
        "source": line.source,
        "external_id": line.external_id,
        "reversed": line.reversed,
    }
