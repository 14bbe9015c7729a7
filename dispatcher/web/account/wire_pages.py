"""The wire to creditors' systems: programs' keys, and how it goes with each receiver of events; for admins."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from dispatcher.users import manage_service_accounts as accounts
from dispatcher.users.domain.scopes import SCOPES
from dispatcher.users.manage_users import UserError
from dispatcher.values import written
from dispatcher.web.site.page import go_to, page, sentence_of
from dispatcher.web.site.visit import Page, Visit, not_found
from dispatcher.wire import manage_webhooks as receivers
from dispatcher.wire.manage_webhooks import WebhookError
from dispatcher.wire.storage import webhooks, wire_events, wire_lists

_TRIES = 10  # of each receiver


def show(visit: Visit) -> Response:
    """Programs with their keys, receivers with their newest tries."""
    return _show(visit, 200)


def add_account(visit: Visit) -> Response:
    """A program's account; its key is shown on the page that answers, and never again."""
    try:
        key = accounts.add_account(
            visit.program.database,
            name=visit.text("name"),
            scopes=visit.fields("scope"),
            creditor=visit.text("creditor"),
            by=visit.actor,
            at=visit.program.real_now(),
            is_test=visit.text("test") == "yes",
        )
    except UserError as error:
        return _show(visit, 422, wrong=sentence_of(error))
    return _show(visit, 200, shown=("key", visit.text("name"), key))


def add_key(visit: Visit) -> Response:
    """A second key, so that a program can change over."""
    try:
        key = accounts.add_key(
            visit.program.database, name=visit.path("name"), by=visit.actor, at=_now(visit)
        )
    except UserError as error:
        return _show(visit, 422, wrong=sentence_of(error))
    return _show(visit, 200, shown=("key", visit.path("name"), key))


def end_key(visit: Visit) -> Response:
    """End one key at once."""
    return _done(
        visit,
        lambda: accounts.end_key(
            visit.program.database,
            name=visit.path("name"),
            prefix=visit.text("key"),
            by=visit.actor,
            at=_now(visit),
        ),
        "The key has ended.",
    )


def end_account(visit: Visit) -> Response:
    """Shut a program out."""
    return _done(
        visit,
        lambda: accounts.end_account(
            visit.program.database, name=visit.path("name"), by=visit.actor, at=_now(visit)
        ),
        "The program is shut out.",
    )


def add_receiver(visit: Visit) -> Response:
    """A receiver of events; its secret is shown on the page that answers, and never again."""
    try:
        _, secret = receivers.add_webhook(
            visit.program.database,
            visit.program.optout_secret,
            url=visit.text("url"),
            creditor=visit.text("creditor"),
            by=visit.actor,
            at=_now(visit),
        )
    except WebhookError as error:
        return _show(visit, 422, wrong=sentence_of(error))
    return _show(visit, 200, shown=("secret", visit.text("url"), secret))


def retry(visit: Visit) -> Response:
    """Ask a receiver again at once."""
    return _about_receiver(visit, receivers.retry_webhook, "It is asked again within seconds.")


def end_receiver(visit: Visit) -> Response:
    """Send nothing more to a receiver."""
    return _about_receiver(visit, receivers.end_webhook, "Nothing more is sent there.")


def _about_receiver(visit: Visit, verb: Callable[..., None], done: str) -> Response:
    number = written.whole_number(visit.path("id"))
    if number is None:
        raise not_found("such receiver")
    return _done(
        visit,
        lambda: verb(visit.program.database, number, creditor="", by=visit.actor, at=_now(visit)),
        done,
    )


def _done(visit: Visit, act: Callable[[], object], done: str) -> Response:
    try:
        act()
    except (UserError, WebhookError) as error:
        return _show(visit, 422, wrong=sentence_of(error))
    return go_to(visit, "/wire", done)


def _show(
    visit: Visit, status: int, *, wrong: str = "", shown: tuple[str, str, str] | None = None
) -> Response:
    listed = accounts.list_accounts(visit.program.database, _now(visit))
    with visit.program.database.reading() as connection:
        living = webhooks.living(connection)
        tried = {one.id: webhooks.tries(connection, one.id, _TRIES) for one in living}
        behind = {
            one.id: len(wire_events.events_after(connection, one.position, one.creditor, 1_000))
            for one in living
        }
        creditors = [row.key for row in wire_lists.list_creditors(connection, "")]
    return page(
        visit,
        "wire",
        status=status,
        wrong=wrong,
        shown=shown,
        accounts=listed,
        receivers=living,
        tried=tried,
        behind=behind,
        creditors=creditors,
        scopes=SCOPES,
        given=visit.form,
    )


def _now(visit: Visit) -> Any:
    return visit.program.real_now()


PAGES = (
    Page("GET", "/wire", show),
    Page("POST", "/wire/accounts", add_account),
    Page("POST", "/wire/accounts/{name}/keys", add_key),
    Page("POST", "/wire/accounts/{name}/keys/end", end_key),
    Page("POST", "/wire/accounts/{name}/end", end_account),
    Page("POST", "/wire/receivers", add_receiver),
    Page("POST", "/wire/receivers/{id}/retry", retry),
    Page("POST", "/wire/receivers/{id}/end", end_receiver),
)
