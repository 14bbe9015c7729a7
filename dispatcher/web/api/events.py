"""The feed of what happened, and the receivers that are told."""

import threading
from typing import Any

from dispatcher.values import written
from dispatcher.web.api.operation import limit_of, listed
from dispatcher.web.site.filters import a_path_number
from dispatcher.web.site.page import sentence_of, site_of
from dispatcher.web.site.visit import RefusedError, Visit, not_found
from dispatcher.wire.manage_webhooks import WebhookError, add_webhook, end_webhook, retry_webhook
from dispatcher.wire.storage import webhooks, wire_events
from dispatcher.wire.storage.webhooks import Webhook

# Seconds that a reader waits for the newest entries to get their places; the next page has them
_SEALED_WITHIN = 1.0


def list_events(visit: Visit) -> Any:
    """Events behind a cursor, oldest first; later ones follow the `id` of the last, whether `next` is null or not."""
    limit, position = limit_of(visit), _position(visit)
    _seal(visit)
    with visit.program.database.reading() as connection:
        events = wire_events.events_after(connection, position, visit.only_creditor, limit + 1)
    more = str(events[limit - 1].position) if len(events) > limit else None
    return listed([event.as_json() for event in events[:limit]], more)


def list_webhooks(visit: Visit) -> Any:
    """Receivers that have not ended."""
    with visit.program.database.reading() as connection:
        living = webhooks.living(connection)
    return listed([_webhook(one) for one in living if visit.only_creditor in ("", one.creditor)], None)


def add(visit: Visit) -> Any:
    """Tell a receiver of what happens from now on; the answer shows its secret, once."""
    asked = visit.text("creditor")
    if visit.only_creditor and asked not in ("", visit.only_creditor):
        raise RefusedError(403, f"creditor: this account sees {visit.only_creditor} alone.")
    program = visit.program
    try:
        webhook_id, secret = add_webhook(
            program.database,
            program.optout_secret,
            url=visit.text("url"),
            creditor=visit.only_creditor or asked,
            by=visit.actor,
            at=program.real_now(),
        )
    except WebhookError as error:
        raise RefusedError(422, sentence_of(error)) from None
    return _webhook(_mine(visit, webhook_id)) | {"secret": secret}


def end(visit: Visit) -> Any:
    """Send nothing more to a receiver."""
    webhook = _mine(visit, _number(visit))
    _change(end_webhook, visit, webhook)
    return _webhook(webhook)


def retry(visit: Visit) -> Any:
    """Ask a receiver again at once."""
    webhook = _mine(visit, _number(visit))
    _change(retry_webhook, visit, webhook)
    return _webhook(_mine(visit, webhook.id))


def list_tries(visit: Visit) -> Any:
    """The newest requests to a receiver, newest first."""
    webhook = _mine(visit, _number(visit))
    with visit.program.database.reading() as connection:
        tries = webhooks.tries(connection, webhook.id)
    items = [
        {"event": str(one.position), "at": one.at, "status": one.status, "said": one.said} for one in tries
    ]
    return listed(items, None)


def _position(visit: Visit) -> int:
    text = visit.query("after")
    if not text:
        return -1
    position = written.whole_number(text)
    if position is None:
        raise RefusedError(
            400, f"after: {text[:50]!r} is no cursor; give the `id` of an event or `next` of a page."
        )
    return position


def _seal(visit: Visit) -> None:
    """Give what was just written its place; a database that is busy makes nobody wait for long."""
    with visit.program.database.reading() as connection:
        if not wire_events.is_anything_unsealed(connection):
            return
    done = threading.Event()

    def seal() -> None:
        try:
            visit.program.seal()
        finally:
            done.set()

    site_of(visit.request).in_passing.do("seal", seal)
    done.wait(_SEALED_WITHIN)


def _number(visit: Visit) -> int:
    return a_path_number(visit, "id", "such webhook")


def _mine(visit: Visit, webhook_id: int) -> Webhook:
    with visit.program.database.reading() as connection:
        webhook = webhooks.get(connection, webhook_id)
    if webhook is None or webhook.ended_at is not None or visit.only_creditor not in ("", webhook.creditor):
        raise not_found("such webhook")
    return webhook


def _change(verb: Any, visit: Visit, webhook: Webhook) -> None:
    program = visit.program
    verb(program.database, webhook.id, creditor=visit.only_creditor, by=visit.actor, at=program.real_now())


def _webhook(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "creditor": webhook.creditor or None,
        "created_at": webhook.created_at,
        "failures": webhook.failures,
        "failing_since": webhook.failing_since,
        "next_try_at": webhook.next_try_at,
    }
