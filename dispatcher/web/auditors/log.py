"""The log: search with counts, one entry with its proof, verification, samples, exceptions, exports."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from starlette.responses import Response

from channels.kind import ChannelKind
from dispatcher.bootstrap.stamps import stamp_roots
from dispatcher.messages.domain.message import State
from dispatcher.people.storage import person_lists
from dispatcher.people.storage.find_debtor import UnknownDebtorError
from dispatcher.record.domain.export_line import FIELDS
from dispatcher.record.export_evidence import SUFFIXES, Source, export_evidence
from dispatcher.record.prove_entry import prove_entry
from dispatcher.record.regulator_tables import (
    Asked,
    NothingSealedError,
    complaints_by_cause,
    contacts_by_debtor,
)
from dispatcher.record.search_log import AT_ONCE, sample_log, search_log
from dispatcher.record.storage import log_counts, sealed_places, seals
from dispatcher.record.storage.evidence import Scope, persons_of
from dispatcher.record.storage.log_search import FoundEntry, LogQuery
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.record.verify.verify_log import verify_log
from dispatcher.values import written
from dispatcher.web.operators.rule_words import says
from dispatcher.web.site.filters import MOST_EXPORTED, PAGE, a_date, a_number, a_path_number, address, paging
from dispatcher.web.site.job_runner import Report
from dispatcher.web.site.jobs import folder
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import go_to, page, sentence_of, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, not_found

SHOWN_FINDINGS = 200
# One heading for entries that differ in what they hold: what was sealed, then the erasable values beside it.
ENTRY_COLUMNS = (
    "id",
    *(name for name in FIELDS if name not in {"salt", "personal", "seal", "proof", "hash"}),
)


def search(visit: Visit) -> Response:
    """Entries that all filters let through, newest first, with how many there are of each event."""
    query, debtor = log_query(visit), visit.query("debtor") or None
    database = visit.program.database
    if visit.query("format"):
        rows = (entry_json(entry) for entry in _all(visit, query, debtor))
        return exported(visit, "log", rows, columns=ENTRY_COLUMNS)
    try:
        found = search_log(
            database, query, debtor=debtor, limit=PAGE, cursor=visit.query("before"), at_most=AT_ONCE
        )
    except (UnknownDebtorError, ValueError) as error:
        raise RefusedError(400, sentence_of(error)) from None
    with database.reading() as connection:
        counts = log_counts.events(connection, since=query.since, until=query.until)
        last = seals.last_seal(connection)
        creditors = person_lists.creditor_keys(connection)
    return page(
        visit,
        "log",
        entries=[shown(entry) for entry in found.entries],
        counts=counts,
        counted_up_to=log_counts.COUNTED_UP_TO,
        last=last,
        channels=list(ChannelKind),
        states=list(State),
        creditors=creditors,
        filter_by=lambda **more: address(visit, more),
        paging=paging(visit, cursor="before", value=found.next or None),
        looked_back_to=found.looked_back_to[0] if found.looked_back_to else None,
        asked=bool([name for name in visit.request.query_params if name != "before" and visit.query(name)]),
    )


def show_entry(visit: Visit) -> Response:
    """One entry with all it holds and its proof."""
    number = a_path_number(visit, "id", "such entry")
    keys = SealingKeys(visit.program.keys)
    proof = prove_entry(visit.program.database, keys, number)
    with visit.program.database.reading() as connection:
        placed = sealed_places.entry_at(connection, number)
    if proof is None or placed is None:
        raise not_found("such entry")

    document = json.loads(placed.entry)
    if placed.values and document.get("person"):
        site_of(visit.request).views.note(visit.actor, "entry", document["person"])
    reasons = document.get("reasons", [])
    return page(
        visit,
        "log_entry",
        proof=proof,
        document=document,
        raw=placed.entry,
        personal=placed.values,
        at=datetime.fromisoformat(document["at"]),
        says=says(visit.program.policy, reasons),
    )


def show_sample(visit: Visit) -> Response:
    """A random sample of sealed entries that anybody can draw again from seed and last position."""
    size = min(a_number(visit, "size") or 20, 500)
    seed = visit.query("seed") or f"{visit.now:%Y%m%d}"
    drawn, upto = sample_log(
        visit.program.database, log_query(visit), size=size, seed=seed, upto=a_number(visit, "upto")
    )
    if visit.query("format"):
        rows = (entry_json(entry) for entry in drawn)
        return exported(visit, "sample", rows, columns=ENTRY_COLUMNS)
    return page(
        visit, "log_sample", entries=[shown(entry) for entry in drawn], size=size, seed=seed, upto=upto,
        paging=paging(visit, cursor="before", value=None),
    )  # fmt: skip


def verify(visit: Visit) -> Response:
    """Check the whole log, beside the page."""
    house = visit.program
    keys, journal = SealingKeys(house.keys), SealJournal(house.home / "seals.jsonl")

    def work(report: Report) -> dict[str, Any]:
        found = verify_log(house.database, keys, journal, report, roots=stamp_roots(house.settings.seal))
        return {
            "findings": [f"{one.place}: {one.what}" for one in found.findings[:SHOWN_FINDINGS]],
            "finding_count": len(found.findings),
            "facts": {
                "entries": f"{found.entries:,}",
                "seals": f"{found.seals:,}",
                "newer than the last seal": f"{found.unsealed:,}",
                "bodies": f"{found.bodies:,}",
                "lawfully erased": f"{found.erased:,}",
                **({"to be read": " ".join(found.notes)} if found.notes else {}),
            },
        }

    key = site_of(visit.request).jobs.start("verification", visit.user.name, {}, work)
    return go_to(visit, f"/jobs/{key}")


def export(visit: Visit) -> Response:
    """Write an export that proves itself, beside the page."""
    suffix = f".{visit.text('form')}"
    if suffix not in SUFFIXES:
        raise RefusedError(400, f"Choose a form: {', '.join(name[1:] for name in SUFFIXES)}.")
    scope = _scope(visit)
    house, actor = visit.program, visit.actor
    source = Source(
        database=house.database,
        keys=SealingKeys(house.keys),
        journal=SealJournal(house.home / "seals.jsonl"),
        actor=actor,
        now=house.real_now(),
    )

    def work(report: Report) -> dict[str, Any]:
        out = folder(house) / f"evidence-{report.job}{suffix}"
        out.touch(exist_ok=False)  # never into a file that another job has made
        made = export_evidence(source, scope, out, report)
        facts = {"entries": f"{made.entries:,}", "up to position": f"{made.to_position:,}", "seal": made.seal}
        return {"files": [path.name for path in made.files], "facts": facts}

    details = {"debtor": visit.text("debtor"), "creditor": visit.text("creditor"), "form": suffix[1:]}
    details |= {name: visit.text(name) for name in ("from", "until")}
    key = site_of(visit.request).jobs.start("export", visit.user.name, details, work)
    return go_to(visit, f"/jobs/{key}")


def log_query(visit: Visit) -> LogQuery:
    """The query that the address bar asks for."""
    since, until = a_date(visit, "from"), a_date(visit, "until")
    template, _, version = visit.query("template").partition("@")
    return LogQuery(
        address=visit.query("address") or None,
        debt=visit.query("debt") or None,
        creditor=visit.query("creditor") or None,
        since=start_of(since) if since else None,
        until=start_of(until + timedelta(days=1)) if until else None,
        channel=visit.query("channel") or None,
        state=visit.query("state") or None,
        events=(visit.query("event"),) if visit.query("event") else (),
        rule=visit.query("rule") or None,
        provider_id=visit.query("provider_id") or None,
        words=visit.query("words") or None,
        template=template or None,
        template_version=written.whole_number(version, most=999_999_999),
        approver=visit.query("approver") or None,
        actor=visit.query("actor") or None,
        run_id=a_number(visit, "run"),
        message_id=visit.query("message") or None,
    )


def entry_json(entry: FoundEntry) -> dict[str, Any]:
    """An entry as exports and the API write it: what was sealed, beside it its erasable values."""
    values = entry.values or {}
    return {
        "id": entry.id,
        "position": entry.position,
        **entry.document,
        "debtor": values.get("debtor"),
        "debts": values.get("debts"),
        "address": values.get("address"),
    }


def _all(visit: Visit, query: LogQuery, debtor: str | None) -> Any:
    cursor, given = "", 0
    while given < MOST_EXPORTED:
        found = search_log(visit.program.database, query, debtor=debtor, limit=1_000, cursor=cursor)
        yield from found.entries
        given, cursor = given + len(found.entries), found.next
        if not cursor:
            return


def shown(entry: FoundEntry) -> dict[str, Any]:
    """An entry as the lists of the log print it."""
    return {
        "id": entry.id,
        "position": entry.position,
        "document": entry.document,
        "values": entry.values or {},
        "at": datetime.fromisoformat(entry.document["at"]),
        "zones": entry.document.get("zones", ()),
    }


def _scope(visit: Visit) -> Scope:
    debtor, since, until = visit.text("debtor"), _day(visit, "from"), _day(visit, "until")
    persons: tuple[str, ...] = ()
    if debtor:
        try:
            with visit.program.database.reading() as connection:
                persons = persons_of(connection, debtor)
        except UnknownDebtorError as error:
            raise RefusedError(422, sentence_of(error)) from None
    return Scope(
        persons=persons,
        creditor=visit.text("creditor") or None,
        since=since,
        until=until + timedelta(days=1) if until else None,
    )


def _day(visit: Visit, name: str) -> datetime | None:

    text = visit.text(name)
    if not text:
        return None
    day = written.day(text)
    if day is None:
        raise RefusedError(422, f"{text!r} is not a day; write it as 2026-11-23.")
    return start_of(day)


def start_of(day: date) -> datetime:
    """The first instant of a day by UTC."""
    return datetime.combine(day, time(), UTC)


def regulator_table(visit: Visit) -> Response:
    """What a regulator asks for, as CSV from the sealed record: contacts by debtor, complaints by cause."""
    write = TABLES.get(visit.text("table"))
    if write is None:
        raise RefusedError(422, f"{visit.text('table')!r} is no table; there are: {', '.join(TABLES)}.")
    first = _month(visit.text("first"))
    last = _month(visit.text("last")) if visit.text("last") else first
    asked = Asked(first=first, last=last, creditor=visit.text("creditor"))
    try:
        text = write(visit.program.database, asked, actor=visit.actor, now=visit.now)
    except NothingSealedError:
        raise RefusedError(409, "Nothing is sealed yet, so there is nothing to count from.") from None
    name = f"{visit.text('table')}-{first:%Y-%m}-{last:%Y-%m}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


def _month(text: str) -> date:
    day = written.day(f"{text}-01")
    if day is None:
        raise RefusedError(422, f"{text!r} is not a month; write it as 2026-11.")
    return day


TABLES = {"contacts": contacts_by_debtor, "complaints": complaints_by_cause}

PAGES = (
    Page("GET", "/log", search),
    Page("GET", "/log/entries/{id}", show_entry),
    Page("GET", "/log/sample", show_sample),
    Page("POST", "/log/verify", verify),
    Page("POST", "/log/export", export),
    Page("POST", "/log/tables", regulator_table),
)
