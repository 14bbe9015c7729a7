"""Hand-over to counsel: what should be decided, the decision itself, and the folder that counsel gets."""

import shutil
from typing import Any

from starlette.responses import Response

from dispatcher.agreements import handover
from dispatcher.counsel.domain.case import PROPOSED
from dispatcher.counsel.export_cases import Exporting, export_cases
from dispatcher.counsel.list_cases import find_case, list_cases, rules_of_debt, with_tried
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.recording import Said
from dispatcher.people.storage.find_debtor import UnknownDebtorError
from dispatcher.record.export_evidence import Source
from dispatcher.record.storage.seal_journal import SealJournal
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.web.site.filters import PAGE, a_number, paging
from dispatcher.web.site.job_runner import Report
from dispatcher.web.site.jobs import folder
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import again, go_to, page, sentence_of, site_of
from dispatcher.web.site.visit import Page, Visit

HANDOVER = "handover"
_TABS = {"decide": (PROPOSED,), "decided": ("decided", "notified"), "gone": ("handed_over",)}
_TABS |= {"kept": ("refused", "withdrawn")}


def show_list(visit: Visit) -> Response:
    """What waits for a decision, the next to be time-barred first; what is on its way, has gone, or was kept."""
    today = visit.now.date()
    wanted = visit.query("tab") or visit.typed("tab")
    tab = wanted if wanted in _TABS else "decide"
    with visit.program.database.reading() as connection:
        cases = list_cases(connection, visit.program.policy, today)
        chosen = [case for case in cases if case.state in _TABS[tab]]
        if visit.query("format"):
            rows = [case.as_json() for case in with_tried(connection, chosen)]
            return exported(visit, HANDOVER, rows)
        begin = min(a_number(visit, "after") or 0, len(chosen))
        shown = with_tried(connection, chosen[begin : begin + PAGE])
    more = begin + PAGE if len(chosen) > begin + PAGE else None
    return page(
        visit,
        HANDOVER,
        tab=tab,
        tabs=[(name, sum(case.state in states for case in cases)) for name, states in _TABS.items()],
        cases=shown,
        may_go=sum(case.may_go(today) for case in cases),
        today=today,
        me=visit.actor,
        paging=paging(visit, cursor="after", value=more),
    )


def answer(visit: Visit) -> Response:
    """Decide, refuse, or take a decision back."""
    debtor, debt, what = visit.text("debtor"), visit.text("debt"), visit.text("do")
    back = f"/handover?tab={visit.text('tab')}" if visit.text("tab") in _TABS else "/handover"
    try:
        return go_to(visit, back, _answered(visit, what, debtor, debt))
    except (RecordError, UnknownDebtorError) as problem:
        return again(visit, show_list, sentence_of(problem))


def _answered(visit: Visit, what: str, debtor: str, debt: str) -> str:
    program, why = visit.program, visit.text("why")
    said = Said(now=visit.now, actor=visit.actor, source="page", note=why if what == "decide" else "")
    if what == "decide":
        today = visit.now.date()
        with program.database.reading() as connection:
            second, _ = rules_of_debt(connection, program.policy, debtor, debt, today)
            case = find_case(connection, program.policy, debtor, debt, today)
        because = case.why if case else ""
        done = handover.decide(program.database, debtor, debt, said, needs_second=second, why=because)
        if done.details["state"] == PROPOSED:
            return "Noted: somebody else must decide as well."
        return "Decided. The final notice comes next, where the strategy has one."
    if what == "refuse":
        handover.refuse(program.database, debtor, debt, said, why=why)
        return "It stays here."
    if what == "withdraw":
        handover.withdraw(program.database, debtor, debt, said, why=why)
        return "Taken back."
    raise RecordError("choose whether to decide, refuse or take it back")


def export(visit: Visit) -> Response:
    """Hand over whatever may go, beside the page; the file holds a folder a debt."""
    program = visit.program
    exporting = Exporting(
        database=program.database,
        policy=program.policy,
        source=Source(
            database=program.database,
            keys=SealingKeys(program.keys),
            journal=SealJournal(program.home / "seals.jsonl"),
            actor=visit.actor,
            now=program.real_now(),
        ),
        said=Said(now=visit.now, actor=visit.actor, source="page"),
    )

    def work(report: Report) -> dict[str, Any]:
        out = folder(program) / f"counsel-{report.job}"
        done = export_cases(exporting, out)
        facts = {"handed over": f"{len(done.written):,}", "stay for now": f"{len(done.left):,}"}
        if not done.written:
            return {"facts": facts}
        made = shutil.make_archive(str(out), "zip", root_dir=out)
        shutil.rmtree(out)
        return {"file": made.rpartition("/")[2], "facts": facts}

    key = site_of(visit.request).jobs.start(HANDOVER, visit.user.name, {}, work)
    return go_to(visit, f"/jobs/{key}")


PAGES = (
    Page("GET", "/handover", show_list),
    Page("POST", "/handover", answer),
    Page("POST", "/handover/export", export),
)
