"""Who handles whom: handlers with their deputies, the rules in order, and single people by hand."""

from datetime import date

from starlette.responses import Response

from dispatcher.people import assign_handlers
from dispatcher.people.assign_handlers import By, HandlerError
from dispatcher.people.domain.handler import acting
from dispatcher.people.storage import handlers, person_lists
from dispatcher.people.storage.find_debtor import UnknownDebtorError
from dispatcher.users.domain.user import Role
from dispatcher.users.storage import users
from dispatcher.values import written
from dispatcher.web.operators.people import person_page, person_path
from dispatcher.web.site.filters import a_path_number
from dispatcher.web.site.page import again, go_to, page, sentence_of
from dispatcher.web.site.visit import Page, RefusedError, Visit


def show_handlers(visit: Visit) -> Response:
    """Handlers, who acts for each today, and the rules in force."""
    today = visit.now.date()
    with visit.program.database.reading() as connection:
        known = handlers.every(connection)
        rules = handlers.rules(connection)
        names = [
            user.name
            for user in users.list_all(connection)
            if user.disabled_at is None and user.account is None and user.has({Role.OPERATOR})
        ]
        creditors, countries = person_lists.creditor_keys(connection), person_lists.countries(connection)
    return page(
        visit,
        "handlers",
        handlers=[(one, acting(known, one.user, today)) for one in known.values()],
        shown={one.user: one.shown_as for one in known.values()},
        rules=rules,
        users=names,
        creditors=creditors,
        countries=countries,
    )


def set_handler(visit: Visit) -> Response:
    """Make an operator a handler, or change one."""
    user = visit.text("user")
    try:
        with visit.program.database.reading() as connection:
            known = users.find(connection, user)
        if known is None or not known.has({Role.OPERATOR}):
            raise HandlerError("choose a user with the role operator: tasks go to their desk")
        assign_handlers.set_handler(
            visit.program.database,
            known.name,
            _by(visit),
            shown_as=visit.text("shown_as"),
            deputy=visit.text("deputy"),
            away_from=_day(visit, "away_from"),
            away_until=_day(visit, "away_until"),
        )
    except HandlerError as error:
        return again(visit, show_handlers, sentence_of(error))
    return go_to(visit, "/handlers", f"{visit.text('shown_as')} handles people.")


def add_rule(visit: Visit) -> Response:
    """Say whom a handler gets."""
    try:
        assign_handlers.add_rule(
            visit.program.database,
            visit.text("handler"),
            _by(visit),
            creditor=visit.text("creditor"),
            country=visit.text("country"),
            from_letter=visit.text("from_letter"),
            to_letter=visit.text("to_letter"),
        )
    except HandlerError as error:
        return again(visit, show_handlers, sentence_of(error), at="/handlers")
    return go_to(visit, "/handlers", "The rule holds from now on, behind those before it.")


def end_rule(visit: Visit) -> Response:
    """End a rule."""
    number = a_path_number(visit, "id", "such rule")
    try:
        assign_handlers.end_rule(visit.program.database, number, _by(visit))
    except HandlerError as error:
        return go_to(visit, "/handlers", wrong=sentence_of(error))
    return go_to(visit, "/handlers", "The rule has ended.")


def give_person(visit: Visit) -> Response:
    """Say by hand who handles one person."""
    reference = visit.path("reference")
    try:
        assign_handlers.give_person(
            visit.program.database, reference, visit.text("handler"), _by(visit), why=visit.text("why")
        )
    except HandlerError as error:
        return person_page(visit, status=422, wrong=sentence_of(error))
    except UnknownDebtorError as error:
        raise RefusedError(404, sentence_of(error)) from None
    return go_to(visit, person_path(reference), "Given. Tasks and messages follow from now on.")


def _by(visit: Visit) -> By:
    return By(actor=visit.actor, now=visit.now)


def _day(visit: Visit, name: str) -> date | None:
    text = visit.text(name)
    day = written.day(text) if text else None
    if text and day is None:
        raise HandlerError(f"{text!r} is no day; write it as 2026-11-23")
    return day


PAGES = (
    Page("GET", "/handlers", show_handlers),
    Page("POST", "/handlers", set_handler),
    Page("POST", "/handlers/rules", add_rule),
    Page("POST", "/handlers/rules/{id}", end_rule),
    Page("POST", "/people/{reference:path}/handler", give_person),
)
