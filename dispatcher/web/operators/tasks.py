"""Tasks: held and unknown messages, replies to read, reviews; in bulk, with owner and age."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from dispatcher.authoring.storage import template_versions
from dispatcher.delivery.intervene import CannotIntervene, Intervention
from dispatcher.delivery.plan_anew import ways_on
from dispatcher.delivery.work_on_tasks import TaskError, finish_tasks, take_messages, take_tasks
from dispatcher.messages.domain.message import State
from dispatcher.messages.storage import message_lists
from dispatcher.messages.storage.message_lists import MessageFilter
from dispatcher.people.link_people import SAME_PERSON, Link, decide_link, list_links
from dispatcher.people.storage import care_notes, handlers, person_lists, task_lists
from dispatcher.people.take_care import CARE
from dispatcher.runs.second_person import for_second_person
from dispatcher.runs.storage import day_counts
from dispatcher.users.domain.user import Role
from dispatcher.values import written
from dispatcher.web.operators.messages import decide_messages, message_json
from dispatcher.web.operators.rule_words import says
from dispatcher.web.site.filters import PAGE, a_number, paging
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import again, go_to, page, sentence_of
from dispatcher.web.site.visit import Page, RefusedError, Visit

_OF_MESSAGES = {"held": State.HELD, "unknown": State.UNKNOWN, "failed": State.FAILED}
REVIEW = "review"
_SAME = {"one": True, "two": False}
_REPLIES = ("unclear_reply", "help_wanted")  # their text: who wrote, what to do, the words themselves
MOST_AT_ONCE = 500


def list_tasks(visit: Visit) -> Response:
    """What waits for a person, of one kind or of all."""
    with visit.program.database.reading() as connection:
        waiting = day_counts.waiting_for_a_person(connection, now=visit.now)
    kinds = _kinds(visit, waiting)
    kind = (
        visit.query("kind")
        or (visit.text("kind") if visit.wrong else "")
        or next((name for name, count in kinds if count), kinds[0][0] if kinds else "")
    )
    if kind in _OF_MESSAGES and _sees_people(visit):
        return _messages(visit, kind, kinds)
    if kind == REVIEW:
        return _reviews(visit, kinds)
    if kind and not _sees_people(visit):
        raise RefusedError(403, "Your roles do not open these tasks.")
    return _tasks(visit, kind, kinds)


def decide_many(visit: Visit) -> Response:
    """Release, cancel, resolve or take several messages at once."""
    ids, kind = visit.fields("message"), visit.text("kind")
    back = f"/tasks?kind={kind if kind in _OF_MESSAGES else 'held'}"
    if not ids or len(ids) > MOST_AT_ONCE:
        return again(
            visit, list_tasks, f"Tick the messages it is about, {MOST_AT_ONCE} at most.", at="/tasks"
        )
    if visit.text("do") == "take":
        taken = take_messages(
            visit.program.database, ids, owner=visit.user.name, actor=visit.actor, now=visit.now
        )
        return go_to(visit, back, f"{taken} on your desk.")
    try:
        done = decide_messages(visit, ids, visit.text("do"), visit.text("why"))
    except CannotIntervene as problem:
        return again(visit, list_tasks, sentence_of(problem), at="/tasks")
    return go_to(visit, back, done)


def finish_many(visit: Visit) -> Response:
    """Take or finish several tasks at once."""
    ids = [number for text in visit.fields("task") if (number := written.whole_number(text)) is not None]
    back = f"/tasks?kind={visit.text('kind')}" if visit.text("kind").replace("_", "").isalnum() else "/tasks"
    if not ids or len(ids) > MOST_AT_ONCE:
        return again(visit, list_tasks, f"Tick the tasks it is about, {MOST_AT_ONCE} at most.", at="/tasks")
    house = visit.program
    if visit.text("do") in _SAME:
        return _say_who_is_one(visit, ids, back)
    if visit.text("do") == "take":
        taken = take_tasks(house.database, ids, owner=visit.user.name, actor=visit.actor, now=visit.now)
        return go_to(visit, back, f"{taken} on your desk.")
    try:
        done = finish_tasks(
            house.database,
            ids,
            outcome=visit.text("outcome"),
            release_quiet=bool(visit.text("release")),
            actor=visit.actor,
            now=visit.now,
        )
    except TaskError as problem:
        return again(visit, list_tasks, sentence_of(problem), at="/tasks")
    return go_to(visit, back, f"{done} done.")


def _say_who_is_one(visit: Visit, ids: list[int], back: str) -> Response:
    """Confirm or refuse that the records of each task are one person."""
    house = visit.program
    with house.database.reading() as connection:
        links = [row.details["link"] for row in task_lists.get(connection, ids) if row.kind == SAME_PERSON]
    for key in links:
        decide_link(
            house.database,
            key,
            same=_SAME[visit.text("do")],
            on=house.policy.links_people,
            now=visit.now,
            actor=visit.actor,
        )
    return go_to(visit, back, f"{len(links)} said.")


def _sees_people(visit: Visit) -> bool:
    return visit.has(Role.OPERATOR, Role.AUDITOR)


def _kinds(visit: Visit, waiting: day_counts.Waiting) -> list[tuple[str, int]]:
    """The tabs this user sees, with how many wait."""
    found: list[tuple[str, int]] = []
    if _sees_people(visit):
        counts = {one.state: one.count for one in waiting.messages}
        found += [(state, counts.get(state, 0)) for state in _OF_MESSAGES]
        others = [kind for kind in sorted(waiting.tasks) if kind not in _REPLIES]
        found += [(kind, waiting.tasks.get(kind, 0)) for kind in (*_REPLIES, *others)]
    return [*found, (REVIEW, waiting.reviews)]


def _messages(visit: Visit, kind: str, kinds: list[tuple[str, int]]) -> Response:
    owner = visit.user.name if visit.query("mine") else ""
    with visit.program.database.reading() as connection:
        lines = message_lists.newest_in_state(
            connection,
            _OF_MESSAGES[kind],
            owner=owner,
            handled=handlers.people_of(connection, owner, on=visit.now.date()) if owner else None,
            wanted=MessageFilter(
                template=visit.query("template"), creditor=visit.query("creditor"), name=visit.query("name")
            ),
            before=visit.query("before"),
            limit=PAGE + 1,
        )
    if visit.query("format"):
        return exported(visit, f"tasks-{kind}", (message_json(line) for line in lines))
    shown = lines[:PAGE]
    reasons = [reason for line in shown for reason in line.reasons]
    by = Intervention(actor=visit.actor, now=visit.now)
    held = [line.id for line in shown] if kind == State.HELD else []
    return _page(
        visit,
        kind,
        kinds,
        lines=shown,
        ways_on=ways_on(visit.program.database, visit.program.policy, held, by),
        says=says(visit.program.policy, reasons),
        paging=paging(visit, cursor="before", value=shown[-1].id if len(lines) > PAGE else None),
    )


def _tasks(visit: Visit, kind: str, kinds: list[tuple[str, int]]) -> Response:
    with visit.program.database.reading() as connection:
        rows = task_lists.page_of_tasks(
            connection,
            kinds=(kind,) if kind else (),
            owner=visit.user.name if visit.query("mine") else "",
            creditor=visit.query("creditor"),
            name=visit.query("name"),
            done=bool(visit.query("done")),
            after=a_number(visit, "after") or 0,
            limit=PAGE + 1,
        )
    if visit.query("format"):
        return exported(visit, "tasks", (_task_json(row) for row in rows))
    shown = rows[:PAGE]
    more = shown[-1].id if len(rows) > PAGE else None
    records = _records(visit) if kind == SAME_PERSON else {}
    words = _words_of_need(visit, shown) if kind == CARE else {}
    return _page(
        visit,
        kind,
        kinds,
        tasks=[(row, *_reply(row, words), records.get(row.details.get("link"))) for row in shown],
        paging=paging(visit, cursor="after", value=more),
    )


def _records(visit: Visit) -> dict[int, Link]:
    """By link, the two records: for the desk that compares them, and on no person's page."""
    return {link.id: link for link in list_links(visit.program.database, state="")}


def _reply(task: Any, in_need: Mapping[int, str]) -> tuple[str, str]:
    """(who wrote how, their words) of a task that a reply made; no words for another."""
    if task.id in in_need:
        return "", in_need[task.id]
    parts = task.text.split(": ", 2)
    return (parts[0], parts[2]) if task.kind in _REPLIES and len(parts) == 3 else ("", "")


def _words_of_need(visit: Visit, tasks: Sequence[Any]) -> dict[int, str]:
    """By task, what somebody in need said: for whoever calls them, and nobody else."""
    if not visit.has(Role.OPERATOR):
        return {}
    notes = {row.details["note"]: row.id for row in tasks if row.details.get("note")}
    with visit.program.database.reading() as connection:
        found = care_notes.read(connection, notes)
    return {notes[key]: note.words for key, note in found.items()}


def _reviews(visit: Visit, kinds: list[tuple[str, int]]) -> Response:
    with visit.program.database.reading() as connection:
        found = for_second_person(connection)
    return _page(
        visit, REVIEW, kinds, reviews=found, paging=paging(visit, cursor="after", value=None, export=False)
    )


def _page(visit: Visit, kind: str, kinds: list[tuple[str, int]], **values: Any) -> Response:
    with visit.program.database.reading() as connection:
        filters = {
            "creditors": person_lists.creditor_keys(connection),
            "templates": template_versions.names(connection),
        }
    given = filters | {"lines": None, "tasks": None, "reviews": None, "says": {}} | values
    return page(visit, "tasks", kind=kind, kinds=kinds, **given)


def _task_json(row: Any) -> dict[str, Any]:
    from dispatcher.values.instants import instant_text

    return {
        "id": row.id,
        "kind": row.kind,
        "debtor": f"{row.key}/{row.reference}" if row.key else None,
        "message_id": row.message_id,
        "text": row.text,
        "owner": row.owner,
        "created_at": instant_text(row.created_at),
        "done_at": instant_text(row.done_at) if row.done_at else None,
        "done_by": row.done_by,
        "outcome": row.outcome,
    }


PAGES = (
    Page("GET", "/tasks", list_tasks),
    Page("POST", "/tasks/messages", decide_many),
    Page("POST", "/tasks/finish", finish_many),
)
