"""One's second factor: set up with a phone, recovery codes, ended."""

import io
from collections.abc import Callable

import segno
from markupsafe import Markup
from starlette.responses import Response

from dispatcher.users import second_factor
from dispatcher.users.manage_users import knows_password
from dispatcher.users.sealed_secrets import SealingKeyError
from dispatcher.users.second_factor import SecondFactorError
from dispatcher.users.storage import second_factors, users
from dispatcher.web.site.page import go_to, page, sentence_of, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit

_HERE = "/account/second-factor"
_SET = "Signing in asks for a code from now on. Other browsers have been signed out."


def show(visit: Visit) -> Response:
    """How it stands, and what can be done."""
    return _show(visit, 200, "")


def change(visit: Visit) -> Response:
    """Begin, confirm, new recovery codes, end: by the button's name."""
    act = _ACTS.get(visit.text("do"))
    if act is None:
        raise RefusedError(400, "This page has no such button.")
    if site_of(visit.request).sign_in_limit.refuses(f"second factor of {visit.user.name}") is not None:
        return _show(visit, 429, "Too many tries. Wait a minute, then try again.")
    try:
        return act(visit)
    except (SecondFactorError, SealingKeyError) as error:
        return _show(visit, 422, sentence_of(error))


def _begin(visit: Visit) -> Response:
    _require_password(visit)
    program = visit.program
    second_factor.begin_second_factor(program.database, program.secret_box, visit.user, program.real_now())
    return go_to(visit, _HERE)


def _confirm(visit: Visit) -> Response:
    program, session = visit.program, visit.session
    assert session is not None  # noqa: S101 the access table asks for one
    codes = second_factor.confirm_second_factor(
        program.database, program.secret_box, session, visit.text("code"), program.real_now()
    )
    return page(visit, "recovery_codes", codes=codes, done=_SET)


def _renew_codes(visit: Visit) -> Response:
    _require_password(visit)
    program = visit.program
    codes = second_factor.renew_recovery_codes(program.database, visit.user, program.real_now())
    return page(visit, "recovery_codes", codes=codes, done="The former codes open nothing any more.")


def _end(visit: Visit) -> Response:
    _require_password(visit)
    if visit.user.has(visit.program.settings.web.second_factor):
        raise SecondFactorError(
            "your roles need it: an administrator can take it away, and you set up another"
        )
    second_factor.end_second_factor(visit.program.database, visit.user, visit.program.real_now())
    return go_to(visit, "/account", "Codes are asked for no longer.")


_ACTS: dict[str, Callable[[Visit], Response]] = {
    "begin": _begin,
    "confirm": _confirm,
    "codes": _renew_codes,
    "end": _end,
}


def _require_password(visit: Visit) -> None:
    if not knows_password(visit.program.database, visit.user, visit.field("password")):
        raise SecondFactorError("this password is not right")


def _show(visit: Visit, status: int, wrong: str) -> Response:
    program = visit.program
    with program.database.reading() as connection:
        factor = second_factors.find(connection, visit.user.id)
        by_password = bool(users.password_hash(connection, visit.user.id))
        codes_left = second_factors.recovery_codes_left(connection, visit.user.id)
    confirmed = factor is not None and factor.confirmed_at is not None
    offered = None
    if factor is not None and not confirmed:
        try:
            offered = second_factor.offered_factor(program.database, program.secret_box, visit.user)
        except SealingKeyError as error:
            wrong = wrong or sentence_of(error)
    return page(
        visit,
        "second_factor",
        status=status,
        wrong=wrong,
        factor=factor if confirmed else None,
        by_password=by_password,
        codes_left=codes_left,
        offered=offered,
        picture=_picture(offered.uri) if offered else "",
        needed=visit.user.has(program.settings.web.second_factor),
    )


def _picture(text: str) -> Markup:
    """A QR code as an image that needs no script and no style."""
    drawing = io.BytesIO()
    segno.make_qr(text, error="m").save(
        drawing,
        kind="svg",
        border=2,
        xmldecl=False,
        light="white",
        omitsize=True,
        svgclass="qr",
        lineclass=None,
    )
    return Markup(drawing.getvalue().decode())  # noqa: S704 drawn by the library from squares alone


PAGES = (
    Page("GET", _HERE, show),
    Page("POST", _HERE, change),
)
