"""Keeps what was typed when a form comes too late: its session has ended, or it was made for an older one."""

from starlette.responses import Response

from dispatcher.web.site.csrf import FIELD, require_same_site
from dispatcher.web.site.page import page
from dispatcher.web.site.visit import RefusedError, Visit

_SECRET = ("password", "old", "new", "again", "code")  # never written into a page


def keep_typed(visit: Visit, status: int) -> Response | None:
    """A page that holds every field and sends it again once there is a session; None where nothing was typed.

    Nothing is done by it: the form that it sends is judged like any other.
    """
    fields = [(name, value) for name, values in visit.form.items() if name != FIELD for value in values]
    if not fields or any(name in _SECRET for name, _ in fields) or not _from_our_site(visit):
        return None
    return page(visit, "kept", status=status, fields=fields)


def _from_our_site(visit: Visit) -> bool:
    try:
        require_same_site(visit.request)
    except RefusedError:
        return False
    return True
