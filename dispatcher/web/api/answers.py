"""What the API's operations answer, from the same lists and services as the pages."""

import re
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from dispatcher.authoring.storage import template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.delivery.domain.stop import Stop
from dispatcher.delivery.intervene import CannotIntervene
from dispatcher.delivery.stop_delivery import StopError, refuse_unknown, resume_delivery, stop_delivery
from dispatcher.delivery.storage import stops
from dispatcher.messages.storage import contents, message_lists
from dispatcher.values.instants import instant_text
from dispatcher.web.api.bounds import creditor_asked, is_own
from dispatcher.web.api.operation import limit_of, listed
from dispatcher.web.operators.messages import decide_messages, message_filter, message_json, shown_message
from dispatcher.web.site.page import sentence_of
from dispatcher.web.site.visit import RefusedError, Visit, not_found

_MESSAGE_ID = re.compile(r"[0-9a-f-]{36}")


def list_messages(visit: Visit) -> Any:
    """Messages, newest first."""
    limit, before = limit_of(visit), visit.query("cursor")
    if before and not _MESSAGE_ID.fullmatch(before):
        raise RefusedError(400, f"cursor: {before[:50]!r} is none; give `next` of the page before.")
    wanted = replace(message_filter(visit), creditor=creditor_asked(visit))
    with visit.program.database.reading() as connection:
        found = message_lists.page_of_messages(connection, wanted, before=before, limit=limit + 1)
    more = found[limit - 1].id if len(found) > limit else None
    return listed([message_json(line) for line in found[:limit]], more)


def get_message(visit: Visit) -> Any:
    """One message with its attempts and log entries."""
    with visit.program.database.reading() as connection:
        lines = message_lists.lines_of(connection, [visit.path("id")])
    if not lines or not is_own(visit, lines[0].debtor):
        raise not_found("such message")
    [line], found = lines, shown_message(visit)
    more = {
        "debts": found["message"]["debts"],
        "expires_at": instant_text(found["message"]["expires_at"]),
        "body_sha256": found["message"]["content_sha256"],
        "rule_packs": found["message"]["rule_packs"],
        "attempts": found["attempts"],
        "entries": [] if visit.user.account else found["entries"],  # a program reads events
    }
    return message_json(line) | more


def get_body(visit: Visit) -> Any:
    """The exact bytes."""
    digest = shown_message(visit)["message"]["content_sha256"]
    with visit.program.database.reading() as connection:
        body = contents.bodies(connection, [digest]).get(digest) if digest else None
    if body is None:
        raise not_found("body: it was erased, or the text has not been made yet")
    return Response(
        body, media_type="application/octet-stream", headers={"Content-Disposition": "attachment"}
    )


def decide(visit: Visit) -> Any:
    """Hold, release, cancel or resolve one message."""
    message_id = shown_message(visit)["message"]["id"]
    todo = visit.text("decision")
    try:
        decide_messages(visit, [message_id], todo, visit.text("why"))
    except CannotIntervene as problem:
        raise RefusedError(409 if visit.text("why") else 422, sentence_of(problem)) from None
    return get_message(visit)


def list_templates(visit: Visit) -> Any:
    """Templates by name with the number in force."""
    with visit.program.database.reading() as connection:
        names = template_versions.names(connection)
        in_force = {name: template_versions.in_force(connection, name, visit.now) for name in names}
    return listed(
        [{"name": name, "in_force": one.version.version if one else None} for name, one in in_force.items()],
        None,
    )


def list_versions(visit: Visit) -> Any:
    """A template's versions, newest first, with their texts."""
    with visit.program.database.reading() as connection:
        found = template_versions.history(connection, visit.path("name"))
    if not found:
        raise not_found("such template")
    return listed([_version(one) for one in found], None)


def list_stops(visit: Visit) -> Any:
    """What is stopped now."""
    with visit.program.database.reading() as connection:
        found = stops.in_force(connection)
    items = [
        {
            "id": row.id,
            "scope": row.stop.scope,
            "name": row.stop.name,
            "why": row.why,
            "stopped_by": row.stopped_by,
            "stopped_at": instant_text(row.stopped_at),
        }
        for row in found
    ]
    return listed(items, None)


def add_stop(visit: Visit) -> Any:
    """Stop everything, a creditor, a channel, a template or a rule pack."""
    try:
        stop = Stop(scope=visit.text("scope"), name=visit.text("name"))
        house = visit.program
        refuse_unknown(house.database, stop, senders=house.sender_names(), packs=house.pack_names())
        stop_delivery(visit.program.database, stop, why=visit.text("why"), by=visit.actor, now=visit.now)
    except (StopError, ValueError) as error:
        raise RefusedError(422, sentence_of(error)) from None
    return list_stops(visit)


def resume(visit: Visit) -> Any:
    """End a stop."""
    with visit.program.database.reading() as connection:
        row = next((one for one in stops.in_force(connection) if str(one.id) == visit.path("id")), None)
    if row is None:
        raise not_found("such stop in force")
    try:
        resume_delivery(
            visit.program.database, row.stop, why=visit.text("why"), by=visit.actor, now=visit.now
        )
    except StopError as error:
        raise RefusedError(409, sentence_of(error)) from None
    return list_stops(visit)


def _version(stored: StoredVersion) -> dict[str, Any]:
    version = stored.version
    return {
        "template": version.name,
        "version": version.version,
        "state": version.state.value,
        "author": version.author,
        "approver": version.approver,
        "comment": version.comment,
        "digest": version.digest,
        "created_at": instant_text(version.created_at) if version.created_at else None,
        "published_from": instant_text(version.published_from) if version.published_from else None,
        "files": dict(version.files),
    }
