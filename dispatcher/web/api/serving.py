"""Serves an operation: who asks, may they, is it a repeat; every refusal a problem document."""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dispatcher.database.engine import Connection
from dispatcher.users.domain.user import ServiceAccount, User
from dispatcher.users.second_factor import is_wanting
from dispatcher.users.sign_in import session_of, user_of_token
from dispatcher.users.storage import idempotency, service_accounts
from dispatcher.users.storage.sessions import Session
from dispatcher.web.api.operation import PREFIX, Operation, as_response
from dispatcher.web.api.problems import problem
from dispatcher.web.site.access import ACCESS, Door, may
from dispatcher.web.site.csrf import require_same_site
from dispatcher.web.site.page import site_of
from dispatcher.web.site.pools import BusyError, pool_of
from dispatcher.web.site.visit import Form, RefusedError, Visit, caller_of, require_text

CSRF_HEADER = "X-CSRF-Token"
KEY_HEADER = "Idempotency-Key"
TEST_HEADER = "Dispatcher-Test"
_REALM = {"WWW-Authenticate": 'Bearer realm="dispatcher"'}


def endpoint(methods: Mapping[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
    """The ASGI end point of one address."""

    async def answer(request: Request) -> Response:
        operation = methods["GET" if request.method == "HEAD" else request.method]
        body = await request.body()
        pool = pool_of(operation.method, PREFIX + operation.path)
        try:
            return await site_of(request).pools.run(pool, serve, operation, request, body)
        except BusyError:
            return problem(503, "Too many wait here; come again.", {"Retry-After": "2"})

    return answer


def serve(operation: Operation, request: Request, body: bytes) -> Response:
    """Identity, allowance, access, repeat, handler: in that order. Runs in a thread."""
    headers: dict[str, str] = {}
    site_of(request).program.follow_configuration()
    try:
        session, refused = _session(request)
        if refused is not None:
            return refused
        headers = _spend(request, session)
        visit = Visit(
            program=site_of(request).program,
            request=request,
            session=session,
            form={} if operation.takes_rows else _form(request, body),
            body=body,
        )
        _require(operation, visit)
        _require_known(operation, visit)
        require_text(request, visit.form)
        response = _answered(operation, visit)
    except RefusedError as error:
        more = _REALM if error.status == 401 else error.headers
        response = problem(error.status, error.sentence, more)
    response.headers.update(headers)
    return response


def _spend(request: Request, session: Session | None) -> dict[str, str]:
    """Count the request of a token; the headers that say what is left. Raises RefusedError when nothing is."""
    if session is None or session.way != "token":
        return {}
    allowed = site_of(request).api_allowance.spend(str(session.user.id))
    if allowed.is_over:
        raise RefusedError(
            429, f"{allowed.limit} requests in {allowed.window} seconds at most.", headers=allowed.headers
        )
    return allowed.headers


def _answered(operation: Operation, visit: Visit) -> Response:
    account = visit.user.account if visit.session else None
    if account is None or not account.is_test:
        if visit.request.method == "POST":
            return _once(operation, visit)
        return as_response(operation, operation.answer(visit))
    return _as_if(operation, visit)


def _as_if(operation: Operation, visit: Visit) -> Response:
    """A test account's request: answered as ever, and undone; what is too long for one transaction knows how."""
    if visit.request.method != "POST" or operation.is_repeatable:
        response = as_response(operation, operation.answer(visit))
    else:
        with visit.program.database.at_once(keep=False):
            response = as_response(operation, operation.answer(visit))
    response.headers[TEST_HEADER] = "nothing was kept"
    return response


def _session(request: Request) -> tuple[Session | None, Response | None]:
    """A bearer token's user, else the session's; tokens that are guessed are slowed down."""
    site = site_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    now = site.program.real_now()
    if scheme.lower() != "bearer":
        return session_of(
            site.program.database,
            request.cookies.get(site.cookies.session, ""),
            now=now,
            in_passing=site.in_passing.do,
        ), None
    user = user_of_token(site.program.database, token.strip(), now=now, in_passing=site.in_passing.do)
    if user is not None:
        with site.program.database.reading() as connection:
            account = service_accounts.of_user(connection, user.id)
        return _of_token(replace(user, account=account), now), None
    wait = site.api_limit.refuses(caller_of(request))
    if wait is not None:
        return None, problem(
            429, "Too many wrong tokens from here.", {"Retry-After": str(round(wait.total_seconds()) or 1)}
        )
    return None, problem(401, "This token is not known, has ended, or its user is disabled.", _REALM)


def _of_token(user: User, now: Any) -> Session:
    """A bearer's identity for one request; it bears no form token because no browser sends it by itself."""
    return Session(
        token_sha256="", user=user, csrf="", created_at=now, seen_at=now, expires_at=now, way="token"
    )


def _require(operation: Operation, visit: Visit) -> None:
    access = ACCESS[operation.name]
    if isinstance(access, Door):
        return
    if visit.session is None:
        raise RefusedError(401, "Send a bearer token (`dispatcher users token NAME`), or sign in.")
    account = visit.session.user.account
    if account is not None:
        _require_scope(operation, account)
    elif not may(access, visit.session.user.roles):
        raise RefusedError(403, "Your roles do not allow this.")
    if is_wanting(visit.session, visit.program.settings.web.second_factor):
        raise RefusedError(403, "Your roles need a second factor: set it up under your account first.")
    if visit.request.method == "POST" and visit.session.csrf:
        require_same_site(visit.request)
        given = visit.request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(), visit.session.csrf.encode()):
            raise RefusedError(403, f"With a session's cookie a POST needs the header {CSRF_HEADER}.")


def _require_scope(operation: Operation, account: ServiceAccount) -> None:
    if not operation.scope:
        raise RefusedError(403, "This address is for people, not for programs' accounts.")
    if operation.scope not in account.scopes:
        granted = ", ".join(sorted(account.scopes))
        raise RefusedError(403, f"This needs the scope {operation.scope}; the account has {granted}.")


def _require_known(operation: Operation, visit: Visit) -> None:
    """A mistyped filter would give everything, a mistyped field say nothing: the document names all there are."""
    known = {parameter.name for parameter in operation.parameters}
    if unknown := sorted(set(visit.request.query_params) - known):
        offered = f"there are {', '.join(sorted(known))}" if known else "this address takes none"
        raise RefusedError(400, f"unknown parameter {', '.join(unknown)}: {offered}.")
    takes = operation.takes or {}
    if takes.get("additionalProperties") is False and (
        strange := sorted(set(visit.form) - set(takes["properties"]))
    ):
        fields = ", ".join(sorted(takes["properties"]))
        raise RefusedError(422, f"unknown field {', '.join(strange)[:200]}: there are {fields}.")


def _once(operation: Operation, visit: Visit) -> Response:
    """Answer a repeat under the same Idempotency-Key with the first answer."""
    key = visit.request.headers.get(KEY_HEADER, "").strip()
    if not key:
        return as_response(operation, operation.answer(visit))
    if len(key) > 200:
        raise RefusedError(400, f"{KEY_HEADER}: 200 characters at most.")
    digest = hashlib.sha256(f"{visit.request.url.path}\n".encode() + visit.body).hexdigest()
    if operation.is_repeatable:
        return _once_more(operation, visit, key, digest)
    # What was done and its answer stand together: whoever is cut off between them finds both or neither.
    with visit.program.database.at_once() as connection:
        now = visit.program.real_now()
        known = idempotency.claim(connection, visit.user.id, key, digest, now)
        if known is not None:
            return _again(known, digest, now)
        response = as_response(operation, operation.answer(visit))
        _remember(connection, visit, key, response)
    return response


def _once_more(operation: Operation, visit: Visit, key: str, digest: str) -> Response:
    """A long request is done again where the first was cut off: it comes to the same."""
    database, user, now = visit.program.database, visit.user, visit.program.real_now()
    with database.writing() as connection:
        known = idempotency.claim(connection, user.id, key, digest, now)
        if known is not None and known.request_sha256 == digest:
            known = None if idempotency.take_over(connection, user.id, key, known, now) else known
    if known is not None:
        return _again(known, digest, now)
    try:
        response = as_response(operation, operation.answer(visit))
    except BaseException:
        with database.writing() as connection:
            idempotency.forget(connection, user.id, key)
        raise
    with database.writing() as connection:
        _remember(connection, visit, key, response)
    return response


def _remember(connection: Connection, visit: Visit, key: str, response: Response) -> None:
    body = json.loads(bytes(response.body))
    idempotency.remember(connection, visit.user.id, key, response.status_code, body)


def _again(known: idempotency.Answered, digest: str, now: datetime) -> Response:
    if known.request_sha256 != digest:
        return problem(422, f"{KEY_HEADER}: this key was used for another request.")
    if known.status is None:
        wait = max(1, round((known.created_at + idempotency.LEASE - now).total_seconds()))
        return problem(
            409,
            f"{KEY_HEADER}: the first request under this key has not ended; come again.",
            {"Retry-After": str(wait)},
        )
    response = JSONResponse(known.body, status_code=known.status)
    response.headers["Idempotent-Replayed"] = "true"
    if known.status == 202 and isinstance(known.body, dict) and known.body.get("location"):
        response.headers["Location"] = known.body["location"]
    return response


def _form(request: Request, body: bytes) -> Form:
    """The fields of a JSON object as a form has them, so that pages and API share what they call."""
    if request.method != "POST" or not body:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise RefusedError(415, "Send application/json.")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(400, "The body is no JSON.") from None
    if not isinstance(document, dict):
        raise RefusedError(400, "The body must be a JSON object.")
    return {str(name): _values(name, value) for name, value in document.items()}


def _values(name: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return tuple(str(one) for one in value)
    if isinstance(value, str | int):
        return ("yes" if value else "no",) if isinstance(value, bool) else (str(value),)
    raise RefusedError(422, f"{name}: a text, a whole number, true, or a list of texts; amounts are texts.")
