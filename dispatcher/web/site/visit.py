"""One request as a page's handler sees it: the opened program, who asks, what they filled in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.bootstrap import Dispatcher
from dispatcher.users.domain.user import Role, User
from dispatcher.users.storage.sessions import Session
from dispatcher.values.written import is_text

Form = Mapping[str, tuple[str, ...]]


class RefusedError(Exception):
    """The request cannot be answered as asked; `status` and a sentence for the person who asked."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.sentence = sentence
        self.headers = headers
        super().__init__(sentence)


class StaleFormError(RefusedError):
    """The form was made for another session, or for none."""


def not_found(what: str) -> RefusedError:
    """Nothing is there, said in a sentence."""
    return RefusedError(404, f"There is no {what}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """A request. Handlers run in a thread: they may wait for the database."""

    program: Dispatcher
    request: Request
    session: Session | None = None
    form: Form = field(default_factory=dict)
    body: bytes = b""
    file: UploadFile | None = None  # only where the page takes one
    at: str = ""  # the address of the page that is shown again
    wrong: str = ""  # what is wrong with the form that is shown again

    @property
    def user(self) -> User:
        """Who asks; only where the access table wants a session."""
        if self.session is None:
            raise RefusedError(401, "Sign in first.")
        return self.session.user

    @property
    def actor(self) -> str:
        """Who asks, as the log names them."""
        return f"{'service' if self.user.account else 'user'}:{self.user.name}"

    @property
    def only_creditor(self) -> str:
        """The creditor whose data alone may be seen and changed; empty: every creditor's."""
        account = self.user.account
        return account.creditor if account else ""

    @property
    def now(self) -> datetime:
        """The business clock's time."""
        return self.program.now()

    @property
    def here(self) -> str:
        """The address of the page that is shown."""
        return self.at or self.request.url.path

    def has(self, *roles: Role) -> bool:
        """Whether the user has one of these roles."""
        return self.session is not None and self.session.user.has(roles)

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str:
        """A value of the address bar, without blanks around it; empty when it is not there."""
        return self.request.query_params.get(name, "").strip()

    def field(self, name: str) -> str:
        """A field of the form as it was typed; empty when it is not there."""
        values = self.form.get(name, ())
        return values[0] if values else ""

    def text(self, name: str) -> str:
        """A field of the form without blanks around it."""
        return self.field(name).strip()

    def typed(self, name: str, default: str = "") -> str:
        """What stands in a field of a form that is shown again; else `default`."""
        return self.field(name) if self.wrong else default

    def fields(self, name: str) -> tuple[str, ...]:
        """All values of a field, as ticked boxes send them."""
        return tuple(self.form.get(name, ()))


def caller_of(request: Request) -> str:
    """The place that a request comes from, for limits: an address, of IPv6 the network that one subscriber has."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host or "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False).network_address)
    return host


def agent_of(request: Request) -> str:
    """The browser in its own words, for the list of one's sessions."""
    agent = request.headers.get("user-agent", "")
    return agent if is_text(agent) and agent.isprintable() else ""


def require_text(request: Request, form: Form) -> None:
    """Refuse what no database stores and no page can show: a NUL, half of a surrogate pair. Raises RefusedError."""
    if not all(is_text(str(value)) for value in request.path_params.values()):
        raise not_found("such page")
    values = (
        *(part for pair in request.query_params.multi_items() for part in pair),
        *form,
        *(value for values in form.values() for value in values),
    )
    if not all(is_text(str(value)) for value in values):
        raise RefusedError(400, "A value holds a character that is none.")


Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Page:
    """An address, how it is asked for, and what answers; `takes_file`: its form holds a file, which may be large."""

    method: str
    path: str
    handler: Handler
    takes_file: bool = False

    @property
    def name(self) -> str:
        """How the access table calls it."""
        return f"{self.method} {self.path}"
