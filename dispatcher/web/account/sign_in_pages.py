"""Signing in and out: by a password, with a code beside it where the user has a phone for that, or by the provider."""

import hmac
import secrets
from datetime import timedelta
from typing import Any

from starlette.responses import RedirectResponse, Response

from dispatcher.users.ask_provider import ProviderClient, ProviderError
from dispatcher.users.domain.user import Role, User
from dispatcher.users.passwords import BusyError
from dispatcher.users.sealed_secrets import SealingKeyError
from dispatcher.users.sign_in import (
    CODE_WITHIN,
    CodeWanted,
    SignedIn,
    SignInRefused,
    sign_in,
    sign_in_with_code,
    sign_out,
)
from dispatcher.users.sign_in_by_provider import BACK_WITHIN, leave_for_provider, return_from_provider
from dispatcher.web.site.csrf import FIELD, require_same_site
from dispatcher.web.site.page import go_to, page, sentence_of, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, agent_of, caller_of, not_found

_BUSY = (
    "Very many people sign in at this moment. Nothing is wrong with what you typed: try again in ten seconds."
)
_OUT_OF_DATE = "This form is out of date. Load the sign-in page again (cookies must be allowed)."


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
    if (refused := _too_many(visit)) is not None:
        return refused
    try:
        answer = sign_in(
            site.program.database,
            name=visit.text("name"),
            password=visit.field("password"),
            now=site.program.real_now(),
            lasts=_lasts(visit),
            address=caller_of(visit.request),
            agent=agent_of(visit.request),
        )
    except BusyError:
        response = _form(visit, status=503, wrong=_BUSY, wish=visit.text("next"))
        response.headers["Retry-After"] = "10"
        return response
    if isinstance(answer, SignInRefused):
        return _refused(visit, answer)
    if isinstance(answer, CodeWanted):
        response = _code_form(visit, wish=visit.text("next"))
        site.cookies.set(response, site.cookies.begun, answer.token, max_age=_seconds(CODE_WITHIN))
        return response
    return _opened(visit, answer, visit.text("next"))


def do_sign_in_with_code(visit: Visit) -> Response:
    """The second step: a code from the phone, or a recovery code."""
    require_same_site(visit.request)
    site = site_of(visit.request)
    _require_form_cookie(visit)
    if (refused := _too_many(visit)) is not None:
        return refused
    try:
        answer = sign_in_with_code(
            site.program.database,
            site.program.secret_box,
            token=visit.request.cookies.get(site.cookies.begun, ""),
            code=visit.text("code"),
            now=site.program.real_now(),
            lasts=_lasts(visit),
            address=caller_of(visit.request),
            agent=agent_of(visit.request),
        )
    except SealingKeyError as error:
        raise RefusedError(503, f"Codes cannot be checked here now: {error}.") from error
    if answer is None:
        return _form(visit, status=401, wrong="That took too long: begin again.", wish=visit.text("next"))
    if isinstance(answer, SignInRefused):
        return _with_wait(_code_form(visit, wish=visit.text("next"), refused=answer), answer)
    return _opened(visit, answer, visit.text("next"))


def do_sign_out(visit: Visit) -> Response:
    """End the session on the server and take the cookie back."""
    site = site_of(visit.request)
    if visit.session is not None:
        sign_out(site.program.database, visit.session, now=site.program.real_now())
    response = go_to(visit, "/sign-in", "You are signed out.")
    site.cookies.clear(response, site.cookies.session)
    return response


def leave(visit: Visit) -> Response:
    """Go to the provider; it sends the browser back to `come_back`."""
    site = site_of(visit.request)
    client = _provider(visit)
    if (refused := _too_many(visit)) is not None:
        return refused
    wish, now = own_path(visit.query("next")), site.program.real_now()
    try:
        leaving = leave_for_provider(site.program.database, client, wish=wish, now=now)
    except ProviderError as error:
        return _form(visit, status=502, wrong=sentence_of(error), wish=wish)
    response = RedirectResponse(leaving.uri, status_code=303)
    site.cookies.set(response, site.cookies.begun, leaving.token, max_age=_seconds(BACK_WITHIN))
    return response


def come_back(visit: Visit) -> Response:
    """The provider has sent the browser back: believe what it says after asking it, and open a session."""
    site = site_of(visit.request)
    client = _provider(visit)
    try:
        answer, wish = return_from_provider(
            site.program.database,
            client,
            token=visit.request.cookies.get(site.cookies.begun, ""),
            answer=dict(visit.request.query_params),
            now=site.program.real_now(),
            lasts=_lasts(visit),
            address=caller_of(visit.request),
            agent=agent_of(visit.request),
        )
    except ProviderError as error:
        return _form(visit, status=401, wrong=sentence_of(error))
    return _opened(visit, answer, wish)


def _provider(visit: Visit) -> ProviderClient:
    client = visit.program.sign_in_provider
    if client is None:
        raise not_found("such page")
    return client


def _opened(visit: Visit, answer: SignedIn, wish: str) -> Response:
    site = site_of(visit.request)
    if visit.session is not None:
        sign_out(site.program.database, visit.session, now=site.program.real_now())
    response = go_to(visit, own_path(wish) if wish not in {"", "/"} else _own_work(answer.user))
    site.cookies.set(response, site.cookies.session, answer.token)
    site.cookies.clear(response, site.cookies.form)
    site.cookies.clear(response, site.cookies.begun)
    return response


def _own_work(user: User) -> str:
    """Where somebody's work is: the first page shows everybody theirs but those who keep users and nothing else."""
    return "/users" if user.roles == {Role.ADMIN} else "/"


def _too_many(visit: Visit) -> Response | None:
    wait = site_of(visit.request).sign_in_limit.refuses(caller_of(visit.request))
    if wait is None:
        return None
    why = "Too many tries from here. Wait a minute, then try again."
    return _refused(visit, SignInRefused(why=why, retry_after=wait))


def _lasts(visit: Visit) -> timedelta:
    return timedelta(hours=visit.program.settings.web.session_hours)


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())


def _form(visit: Visit, *, status: int = 200, wrong: str = "", wish: str = "", name: str = "") -> Response:
    provider = visit.program.settings.oidc.label if visit.program.settings.oidc.issuer else ""
    return _with_token(
        visit, "sign_in", status=status, wrong=wrong, wish=own_path(wish), name=name, provider=provider
    )


def _code_form(visit: Visit, *, wish: str, refused: SignInRefused | None = None) -> Response:
    status = 200 if refused is None else 429 if refused.retry_after else 401
    return _with_token(
        visit, "sign_in_code", status=status, wrong=refused.why if refused else "", wish=own_path(wish)
    )


def _with_token(visit: Visit, template: str, /, *, status: int, **values: Any) -> Response:
    token = secrets.token_urlsafe(24)
    response = page(visit, template, status=status, form_token=token, **values)
    cookies = site_of(visit.request).cookies
    cookies.set(response, cookies.form, token, max_age=3600)
    return response


def _refused(visit: Visit, refused: SignInRefused) -> Response:
    status = 429 if refused.retry_after else 401
    response = _form(
        visit, status=status, wrong=refused.why, wish=visit.text("next"), name=visit.text("name")
    )
    return _with_wait(response, refused)


def _with_wait(response: Response, refused: SignInRefused) -> Response:
    if refused.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(refused.retry_after.total_seconds())))
    return response


def _require_form_cookie(visit: Visit) -> None:
    """The sign-in forms have no session yet: their token stands in a cookie of its own."""
    cookie = visit.request.cookies.get(site_of(visit.request).cookies.form, "")
    given = visit.field(FIELD)
    if not cookie or not hmac.compare_digest(cookie.encode(), given.encode("utf-8", "surrogateescape")):
        raise RefusedError(403, _OUT_OF_DATE)


PAGES = (
    Page("GET", "/sign-in", show_sign_in),
    Page("POST", "/sign-in", do_sign_in),
    Page("POST", "/sign-in/code", do_sign_in_with_code),
    Page("GET", "/sign-in/provider", leave),
    Page("GET", "/sign-in/provider/answer", come_back),
    Page("POST", "/sign-out", do_sign_out),
)
