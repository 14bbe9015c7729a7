"""Puts the site together: every page with its access, the headers around them, and what a refusal looks like."""

import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from dispatcher.bootstrap import Dispatcher
from dispatcher.users.second_factor import is_wanting
from dispatcher.users.sign_in import session_of
from dispatcher.users.storage.sessions import Session
from dispatcher.web.account import account, second_factor_pages, sign_in_pages, user_pages, wire_pages
from dispatcher.web.api.operation import PREFIX, Operation
from dispatcher.web.api.operations import OPERATIONS
from dispatcher.web.api.problems import problem
from dispatcher.web.api.serving import endpoint
from dispatcher.web.auditors import exceptions, keeping, log
from dispatcher.web.debtors import account as debtors_account
from dispatcher.web.debtors import debtors_page
from dispatcher.web.machines import probes, webhooks
from dispatcher.web.managers import (
    configuration,
    configuration_editor,
    forecast,
    languages,
    outcomes,
    over_time,
    template_editor,
    template_new,
    template_preview,
    template_readers,
    template_review,
    templates,
)
from dispatcher.web.operators import (
    calls,
    desk_pages,
    evidence,
    find,
    handlers,
    handover,
    import_check,
    imports,
    inbox,
    incidents,
    law_pages,
    messages,
    people,
    plan,
    practice,
    record_forms,
    run_start,
    runs,
    stops,
    tasks,
    today,
)
from dispatcher.web.operators.run_start import RunDay
from dispatcher.web.site import jobs
from dispatcher.web.site.access import ACCESS, WITHOUT_SECOND_FACTOR, Access, Door, may
from dispatcher.web.site.body_limit import BodyLimit
from dispatcher.web.site.csrf import require_same_site, require_token
from dispatcher.web.site.headers import SecurityHeaders
from dispatcher.web.site.kept import keep_typed
from dispatcher.web.site.page import STATIC, Site, go_to, page, site_of
from dispatcher.web.site.pools import BusyError, pool_of
from dispatcher.web.site.received import Received, receive
from dispatcher.web.site.visit import Page, RefusedError, StaleFormError, Visit, require_text

_LOG = logging.getLogger("dispatcher.web")
PAGES: tuple[Page, ...] = (
    *sign_in_pages.PAGES,
    *account.PAGES,
    *second_factor_pages.PAGES,
    *today.PAGES,
    *find.PAGES,
    *messages.PAGES,
    *people.PAGES,
    *record_forms.PAGES,
    *evidence.PAGES,
    *templates.PAGES,
    *configuration.PAGES,
    *configuration_editor.PAGES,
    *languages.PAGES,
    *template_readers.PAGES,
    *template_review.PAGES,
    *template_editor.PAGES,
    *template_new.PAGES,
    *template_preview.PAGES,
    *outcomes.PAGES,
    *forecast.PAGES,
    *over_time.PAGES,
    *jobs.PAGES,
    *runs.PAGES,
    *plan.PAGES,
    *imports.PAGES,
    *import_check.PAGES,
    *inbox.PAGES,
    *run_start.PAGES,
    *tasks.PAGES,
    *practice.PAGES,
    *calls.PAGES,
    *handover.PAGES,
    *handlers.PAGES,
    *incidents.PAGES,
    *stops.PAGES,
    *log.PAGES,
    *exceptions.PAGES,
    *keeping.PAGES,
    *desk_pages.PAGES,
    *law_pages.PAGES,
    *user_pages.PAGES,
    *wire_pages.PAGES,
    *debtors_page.PAGES,
    *debtors_account.PAGES,
    *webhooks.PAGES,
    *probes.PAGES,
)


def build_app(house: Dispatcher, run_day: RunDay | None = None) -> ASGIApp:
    """The whole site as an ASGI application; raises when a page is in no row of the access table.

    `run_day` is what runs a day when an operator starts one; without it the pages only look.
    """
    check_access([*(one.name for one in PAGES), *(one.name for one in OPERATIONS)])
    site = Site(house, run_day)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(site.jobs.close)
        await run_in_threadpool(site.views.close)
        await run_in_threadpool(site.in_passing.close)

    app = Starlette(
        routes=[
            *_routes(PAGES),
            *_api_routes(),
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        middleware=[Middleware(BodyLimit)],
        exception_handlers={HTTPException: _http_error, Exception: _unexpected},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # its redirects would repeat the Host header
    app.state.site = site
    # Outside of everything, so that faults bear the headers too.
    return SecurityHeaders(app, https=site.https)


def check_access(names: Sequence[str]) -> None:
    """Refuse to start with a page that nobody decided about, or a decision about no page."""
    wrong = sorted(set(names) ^ set(ACCESS)) + sorted({name for name in names if names.count(name) > 1})
    if wrong:
        raise RuntimeError(f"pages and access table differ: {', '.join(wrong)}")


def _routes(pages: Iterable[Page]) -> list[BaseRoute]:
    """One route an address; fixed addresses before those with a variable part."""
    by_path: dict[str, dict[str, Page]] = {}
    for one in pages:
        by_path.setdefault(one.path, {})[one.method] = one
    ordered = sorted(by_path.items(), key=lambda item: (item[0].count("{"), -len(item[0])))
    return [Route(path, _endpoint(methods), methods=list(methods)) for path, methods in ordered]


def _api_routes() -> list[BaseRoute]:
    by_path: dict[str, dict[str, Operation]] = {}
    for one in OPERATIONS:
        by_path.setdefault(one.path, {})[one.method] = one
    return [
        Route(PREFIX + path, endpoint(methods), methods=list(methods)) for path, methods in by_path.items()
    ]


def _endpoint(methods: dict[str, Page]) -> Callable[[Request], Awaitable[Response]]:
    pools = {name: pool_of(name, one.path) for name, one in methods.items()}

    async def endpoint(request: Request) -> Response:
        pool = pools["GET" if request.method == "HEAD" else request.method]
        one = methods["GET" if request.method == "HEAD" else request.method]
        run = site_of(request).pools.run
        try:
            # A large file is received only from somebody who may hand it in.
            if one.takes_file and (refusal := await run(pool, _refused_before, one, request)) is not None:
                return refusal
            sent = await receive(request, takes_file=one.takes_file)
            return await run(pool, _serve, one, request, sent)
        except BusyError:
            return busy()

    return endpoint


def _refused_before(one: Page, request: Request) -> Response | None:
    """The refusal of somebody who may not use this page, before anything of the body is read."""
    visit, access = _visit(request), ACCESS[one.name]
    try:
        if not isinstance(access, Door):
            _require_role(visit, access)
        require_same_site(request)
    except RefusedError as refused:
        return _refuse(visit, refused, access)
    return None


def _serve(one: Page, request: Request, sent: Received) -> Response:
    """Session, access, form token, handler: in that order. Runs in a thread."""
    visit, access = _visit(request, sent), ACCESS[one.name]
    visit.program.follow_configuration()
    try:
        # A provider's report is made storable where it is read: refused, a STOP would be lost.
        if access is not Door.SIGNATURE:
            require_text(request, sent.form)
        if not isinstance(access, Door):
            _require(visit, access)
            if one.name not in WITHOUT_SECOND_FACTOR and _wants_second_factor(visit):
                return go_to(visit, "/account/second-factor", wrong=_SECOND_FACTOR_FIRST)
        return one.handler(visit)
    except RefusedError as refused:
        too_late = isinstance(refused, StaleFormError) or _is_signed_out(refused, access)
        if too_late and (kept := keep_typed(visit, refused.status)) is not None:
            return kept
        return _refuse(visit, refused, access)


def _visit(request: Request, sent: Received | None = None) -> Visit:
    sent = sent or Received()
    return Visit(
        program=site_of(request).program,
        request=request,
        session=_session(request),
        form=sent.form,
        body=sent.body,
        file=sent.file,
    )


def _refuse(visit: Visit, refused: RefusedError, access: Access) -> Response:
    if _is_signed_out(refused, access):
        return _to_sign_in(visit.request)
    return _refusal(visit, refused.status, refused.sentence)


def _is_signed_out(refused: RefusedError, access: Access) -> bool:
    return refused.status == 401 and not isinstance(access, Door)


def busy() -> Response:
    """The answer while too many wait: short, and made without a thread."""
    return PlainTextResponse(
        "503: too many wait here; come again\n", status_code=503, headers={"Retry-After": "2"}
    )


def _session(request: Request) -> Session | None:
    site = site_of(request)
    token = request.cookies.get(site.cookies.session, "")
    return session_of(
        site.program.database, token, now=site.program.real_now(), in_passing=site.in_passing.do
    )


def _require(visit: Visit, access: Access) -> None:
    _require_role(visit, access)
    assert visit.session is not None  # noqa: S101 a role is a session's
    if visit.request.method == "POST":
        require_same_site(visit.request)
        require_token(visit.form, visit.session.csrf)


def _require_role(visit: Visit, access: Access) -> None:
    if visit.session is None:
        raise RefusedError(401, "Sign in first.")
    if not may(access, visit.session.user.roles):
        raise RefusedError(
            403, "Your roles do not open this page. Somebody with the role admin can change them."
        )


_SECOND_FACTOR_FIRST = "Your roles need a code from a phone beside the password. Set it up to go on."


def _wants_second_factor(visit: Visit) -> bool:
    needing = visit.program.settings.web.second_factor
    return visit.session is not None and is_wanting(visit.session, needing)


def _to_sign_in(request: Request) -> Response:
    """Ask for a session; come back to a page that only reads."""
    from urllib.parse import quote

    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    wish = f"?next={quote(path, safe='')}" if request.method == "GET" and path != "/" else ""
    return RedirectResponse(f"/sign-in{wish}", status_code=303)


_TITLES = {
    400: "That does not work",
    403: "This is not open to you",
    404: "Nothing here",
    405: "Not this way",
    409: "Somebody was faster",
    413: "Too large",
    422: "Something is missing",
    429: "Too many tries",
}


def _refusal(visit: Visit, status: int, sentence: str) -> Response:
    return page(
        visit, "refusal", status=status, title=_TITLES.get(status, "That does not work"), sentence=sentence
    )


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 the handler is registered for nothing else
    sentence = {404: "There is no such page.", 405: "This address is not asked for in this way."}.get(
        error.status_code, error.detail
    )
    if request.url.path.startswith(f"{PREFIX}/"):
        return problem(error.status_code, sentence, error.headers)  # of a 405 what is allowed
    return await run_in_threadpool(_page_of_error, request, error.status_code, sentence)


def _page_of_error(request: Request, status: int, sentence: str) -> Response:
    return _refusal(_visit(request), status, sentence)


async def _unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours: its number on the page, its story in the program's log alone."""
    number = uuid.uuid4().hex[:8]
    _LOG.error("fault %s at %s %s", number, request.method, request.url.path, exc_info=error)
    if request.url.path.startswith(f"{PREFIX}/"):
        return problem(500, f"Something went wrong here (fault {number}); the program's log says what.")
    fault = site_of(request).pages.get_template("fault.html.jinja")  # it asks neither database nor session
    return HTMLResponse(fault.render(number=number), status_code=500)
