"""Signing in and out, and one's own account: password and sessions."""

import hmac
import secrets
from datetime import timedelta

from starlette.responses import Response

from dispatcher.users.manage_users import knows_password, set_password
from dispatcher.users.passwords import WeakPasswordError
from dispatcher.users.sign_in import SignInRefused, append_audit, sign_in, sign_out
from dispatcher.users.storage import sessions
from dispatcher.web.site.csrf import FIELD, require_same_site
from dispatcher.web.site.page import go_to, page, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, caller_of


def own_path(wish: str) -> str:
    """The address to go to after signing in: one of ours, whatever was asked for."""
    harmless = (
        wish.startswith("/")
        and not wish.startswith(("//", "/\\"))
        and wish.isprintable()
        and "\\" not in wish
    )
    return wish if harmless else "/"


def show_sign_in(visit: Visit) -> Response:
    """The form; somebody who has a session goes on."""
    if visit.session is not None:
        return go_to(visit, own_path(visit.query("next")))
    return _form(visit, wish=visit.query("next"))


def do_sign_in(visit: Visit) -> Response:
    """Check name and password; a new session every time, so that nobody can prepare one for another."""
    require_same_site(visit.request)
    site = site_of(visit.request)
    _require_form_cookie(visit)
    caller = caller_of(visit.request)
    wait = site.sign_in_limit.refuses(caller)
    if wait is not None:
        return _refused(
            visit, 429, "Too many tries from here. Wait a minute, then try again.", wait.total_seconds()
        )
    answer = sign_in(
        site.program.database,
        name=visit.text("name"),
        password=visit.field("password"),
        now=site.program.real_now(),
        lasts=timedelta(hours=site.program.settings.web.session_hours),
        address=caller,
    )
    if isinstance(answer, SignInRefused):
        after = answer.retry_after.total_seconds() if answer.retry_after else None
        return _refused(visit, 429 if after else 401, answer.why, after)
    if visit.session is not None:
        sign_out(site.program.database, visit.session, now=site.program.real_now())
    response = go_to(visit, own_path(visit.text("next")))
    site.cookies.set(response, site.cookies.session, answer.token)
    site.cookies.clear(response, site.cookies.form)
    return response


def do_sign_out(visit: Visit) -> Response:
    """End the session on the server and take the cookie back."""
    site = site_of(visit.request)
    if visit.session is not None:
        sign_out(site.program.database, visit.session, now=site.program.real_now())
    response = go_to(visit, "/sign-in", "You are signed out.")
    site.cookies.clear(response, site.cookies.session)
    return response


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
        append_audit(connection, "sessions_ended", visit.user.name, now, count=ended)
    return go_to(visit, "/account", f"{ended} other session{'' if ended == 1 else 's'} ended.")


def _account(visit: Visit, status: int, wrong: str) -> Response:
    house = visit.program
    with house.database.reading() as connection:
        living = sessions.of_user(connection, visit.user, house.real_now())
    return page(visit, "account", status=status, wrong=wrong, sessions=living, session=visit.session)


def _form(visit: Visit, *, status: int = 200, wrong: str = "", wish: str = "", name: str = "") -> Response:
    token = secrets.token_urlsafe(24)
    response = page(
        visit, "sign_in", status=status, wrong=wrong, wish=own_path(wish), name=name, form_token=token
    )
    cookies = site_of(visit.request).cookies
    cookies.set(response, cookies.form, token, max_age=3600)
    return response


def _refused(visit: Visit, status: int, why: str, after: float | None) -> Response:
    response = _form(visit, status=status, wrong=why, wish=visit.text("next"), name=visit.text("name"))
    if after is not None:
        response.headers["Retry-After"] = str(max(1, round(after)))
    return response


def _require_form_cookie(visit: Visit) -> None:
    """The sign-in form has no session yet: its token stands in a cookie of its own."""
    cookie = visit.request.cookies.get(site_of(visit.request).cookies.form, "")
    given = visit.field(FIELD)
    if not cookie or not hmac.compare_digest(cookie.encode(), given.encode("utf-8", "surrogateescape")):
        raise RefusedError(
            403, "This form is out of date. Load the sign-in page again (cookies must be allowed)."
        )


PAGES = (
    Page("GET", "/sign-in", show_sign_in),
    Page("POST", "/sign-in", do_sign_in),
    Page("POST", "/sign-out", do_sign_out),
    Page("GET", "/account", show_account),
    Page("POST", "/account/password", change_password),
    Page("POST", "/account/sessions", end_sessions),
)
