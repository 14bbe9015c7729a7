"""Lets a form through only when it was made by our own page for this very session."""

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from dispatcher.web.site.visit import Form, RefusedError, StaleFormError

FIELD = "csrf"


def require_token(form: Form, expected: str) -> None:
    """Refuse a form without the session's token."""
    given = next(iter(form.get(FIELD, ())), "")
    if not expected or not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode()):
        raise StaleFormError(
            403, "This form is out of date. Go back, load the page again and send it once more."
        )


def require_same_site(request: Request) -> None:
    """Refuse what a browser says was sent by another site, whatever token it bears."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site:
        fine = site in {"same-origin", "none"}
    else:  # an old browser, or no browser at all
        fine = not origin or urlsplit(origin).netloc == request.headers.get("host", "")
    if not fine:
        raise RefusedError(403, "This form was sent from another site.")
