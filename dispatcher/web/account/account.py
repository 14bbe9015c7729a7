"""One's own account: password, second factor, and where one is signed in."""

from starlette.responses import Response

from dispatcher.log.domain.events import Event
from dispatcher.users import manage_users
from dispatcher.users.audit import append_audit
from dispatcher.users.manage_users import UserError, knows_password, set_password
from dispatcher.users.passwords import WeakPasswordError
from dispatcher.users.storage import second_factors, sessions, users
from dispatcher.web.site.page import go_to, page, sentence_of, site_of
from dispatcher.web.site.user_agent import device
from dispatcher.web.site.visit import Page, Visit


def show_account(visit: Visit) -> Response:
    """One's roles, password and sessions."""
    return _account(visit, 200, "")


def change_password(visit: Visit) -> Response:
    """A new password, for whoever knows the old one."""
    site, user = site_of(visit.request), visit.user
    if site.sign_in_limit.refuses(f"password of {user.name}") is not None:
        return _account(visit, 429, "Too many tries. Wait a minute, then try again.")
    if not knows_password(site.program.database, user, visit.field("old")):
        return _account(visit, 422, "The present password is not right.")
    if visit.field("new") != visit.field("again"):
        return _account(visit, 422, "The two new passwords differ.")
    try:
        set_password(
            site.program.database,
            name=user.name,
            password=visit.field("new"),
            by=visit.actor,
            at=site.program.real_now(),
            keep_session=visit.session.token_sha256 if visit.session else "",
        )
    except WeakPasswordError as weak:
        return _account(visit, 422, f"{str(weak)[0].upper()}{str(weak)[1:]}.")
    return go_to(visit, "/account", "The password is changed. Your other sessions have ended.")


def end_sessions(visit: Visit) -> Response:
    """End all sessions but this one."""
    site = site_of(visit.request)
    now = site.program.real_now()
    with site.program.database.writing() as connection:
        ended = sessions.revoke_all(
            connection, visit.user.id, now, but=visit.session.token_sha256 if visit.session else ""
        )
        append_audit(connection, Event.SESSIONS_ENDED, visit.user.name, now, count=ended)
    return go_to(visit, "/account", f"{ended} other session{'' if ended == 1 else 's'} ended.")


def end_session(visit: Visit) -> Response:
    """End one of one's sessions: a phone that was lost, a browser that was left open."""
    try:
        manage_users.end_session(
            visit.program.database, visit.user, visit.path("id"), at=visit.program.real_now()
        )
    except UserError as error:
        return go_to(visit, "/account", wrong=sentence_of(error))
    return go_to(visit, "/account", "That session is ended.")


def _account(visit: Visit, status: int, wrong: str) -> Response:
    house = visit.program
    with house.database.reading() as connection:
        living = sessions.of_user(connection, visit.user, house.real_now())
        factor = second_factors.find(connection, visit.user.id)
        by_password = bool(users.password_hash(connection, visit.user.id))
        codes_left = second_factors.recovery_codes_left(connection, visit.user.id)
    return page(
        visit,
        "account",
        status=status,
        wrong=wrong,
        sessions=[(one, device(one.agent)) for one in living],
        factor=factor if factor and factor.confirmed_at else None,
        by_password=by_password,
        codes_left=codes_left,
        session=visit.session,
    )


PAGES = (
    Page("GET", "/account", show_account),
    Page("POST", "/account/password", change_password),
    Page("POST", "/account/sessions", end_sessions),
    Page("POST", "/account/sessions/{id}", end_session),
)
