"""What all pages share: the opened program, the environment of our own pages, cookies, limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dispatcher.bootstrap import Dispatcher
from dispatcher.rulebook.schedules import schedules_to_show
from dispatcher.runs.domain.schedule import Schedule
from dispatcher.users.domain.user import Role
from dispatcher.web.site import words
from dispatcher.web.site.access import ACCESS, Door, may
from dispatcher.web.site.cookies import Cookies
from dispatcher.web.site.in_passing import InPassing
from dispatcher.web.site.job_runner import JobRunner
from dispatcher.web.site.plain_words import without_commands
from dispatcher.web.site.pools import Pools
from dispatcher.web.site.rate_limit import Allowance, RateLimit
from dispatcher.web.site.stacking import stacked
from dispatcher.web.site.view_log import ViewLog
from dispatcher.web.site.visit import Visit

_HERE = Path(__file__).parents[1]
STATIC = _HERE / "static"


class Absent(StrictUndefined):
    """What is not there: false in a test, a fault when printed."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]  # Jinja forbids the test; a sparse entry needs it
        return False


# Each with the word it goes by and the group it stands in.
_MENU = (
    ("/", "Today", ""),
    ("/runs", "Runs", ""),
    ("/imports", "Ledgers", ""),
    ("/inbox", "Inbox", ""),
    ("/practice", "Practice", ""),
    ("/tasks", "Tasks", ""),
    ("/calls", "Calls", ""),
    ("/handover", "Hand-over", ""),
    ("/messages", "Messages", ""),
    ("/people", "People", ""),
    ("/templates", "Templates", ""),
    ("/outcomes", "What it brought in", ""),
    ("/forecast", "What is coming", ""),
    ("/log", "Log", ""),
    ("/jobs", "Exports and checks", "More"),
    ("/handlers", "Handlers", "More"),
    ("/stops", "Stops", "More"),
    ("/incidents", "When something went wrong", "More"),
    ("/rules", "Rules", "More"),
    ("/configuration", "Configuration", "More"),
    ("/strategies", "Strategies", "More"),
    ("/senders", "Senders", "More"),
    ("/settings", "Settings", "More"),
    ("/keeping", "Keeping", "More"),
    ("/users", "Users", "More"),
    ("/wire", "Creditors' systems", "More"),
)


@dataclass
class Site:
    """The web's own household; one a process."""

    program: Dispatcher
    run_day: Callable[..., Any] | None = None  # see run_start.RunDay
    cookies: Cookies = field(init=False)
    sign_in_limit: RateLimit = field(init=False)
    debtor_limit: RateLimit = field(init=False)
    api_limit: RateLimit = field(init=False)  # of wrong tokens
    api_allowance: Allowance = field(init=False)
    test_limit: RateLimit = field(init=False)
    jobs: JobRunner = field(init=False)
    views: ViewLog = field(init=False)
    is_practice: bool = field(init=False)
    zone: str = field(init=False)  # in which instants are written that are nobody's own
    pools: Pools = field(default_factory=Pools)
    in_passing: InPassing = field(default_factory=InPassing)

    def __post_init__(self) -> None:
        """Build what depends on the settings."""
        self.cookies = Cookies(https=self.https)
        self.is_practice = self.program.settings.is_practice
        of_the_day = (one.zone for one in self.schedules if one.job == "run")
        self.zone = self.program.settings.web.zone or next(of_the_day, "UTC")
        clock, minute = self.program.real_now, timedelta(minutes=1)
        self.sign_in_limit = RateLimit(tries=20, window=minute, clock=clock)
        self.debtor_limit = RateLimit(tries=60, window=minute, clock=clock)
        self.api_limit = RateLimit(tries=60, window=minute, clock=clock)
        asked = self.program.settings.web.api_requests_per_minute
        self.api_allowance = Allowance(requests=asked, window=minute, clock=clock)
        self.test_limit = RateLimit(tries=10, window=timedelta(hours=1), clock=clock)
        self.jobs = JobRunner(self.program)
        self.views = ViewLog(self.program.database, clock)

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules in force."""
        return _schedules_at(self.program.config("schedules.yaml"))

    @property
    def https(self) -> bool:
        """Whether users reach us over https."""
        return self.program.settings.public_url.startswith("https:")

    @property
    def pages(self) -> Environment:
        """The environment of our own pages."""
        return _our_pages()


def site_of(request: Request) -> Site:
    """The household that serves this request."""
    site: Site = request.app.state.site
    return site


def page(
    visit: Visit, name: str, /, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> Response:
    """One of our pages, filled in."""
    site = site_of(visit.request)
    template = site.pages.get_template(f"{name}.html.jinja")
    with words.in_zone(site.zone):
        html = template.render(_surroundings(site, visit) | values)
    response = HTMLResponse(html, status_code=status, headers=dict(headers or {}))
    site.cookies.forget_said(visit.request, response)
    return response


def again(visit: Visit, shows: Callable[[Visit], Response], wrong: str, *, at: str = "") -> Response:
    """The page with the form that was sent, what was typed still in it, and what is wrong.

    `at`: the page's own address, where the form is sent to another.
    """
    shown = shows(replace(visit, wrong=wrong, at=at))
    if shown.status_code == 200:  # where the page itself leads on, it does
        shown.status_code = 422
    return shown


def go_to(visit: Visit, path: str, done: str = "", *, wrong: str = "") -> Response:
    """Send the browser to one of our own addresses, perhaps with a sentence; 303 turns the POST into a GET."""
    if not path.startswith("/") or path.startswith(("//", "/\\")):
        raise ValueError(f"{path!r} is not an address of ours")
    response = RedirectResponse(path, status_code=303)
    if done or wrong:
        site_of(visit.request).cookies.say(response, "bad" if wrong else "good", wrong or done)
    return response


def sentence_of(problem: Exception) -> str:
    """An error of ours as a sentence on a page."""
    text = without_commands(str(problem).strip()) or type(problem).__name__
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


@lru_cache(maxsize=4)
def _schedules_at(path: Path) -> tuple[Schedule, ...]:
    """Once a path: the pages' own have a folder by their digest, files change with the next start."""
    return schedules_to_show(path)


@cache
def _our_pages() -> Environment:
    """Trusted templates, everything else escaped; the same for every program of this process."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "pages"),
        autoescape=True,
        undefined=Absent,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "tag": words.tag,
        "when": words.when,
        "instant": words.instant,
        "clock": words.clock,
        "day": words.day,
        "amount": words.amount,
        "number": words.number,
        "words": words.words,
        "size": words.size,
        "ago": words.ago,
        "each_reason": words.each_reason,
        "actor_name": words.actor_name,
        "text_name": words.text_name,
        "language_name": words.language_name,
        "post_line": words.post_line,
        "sentence": words.sentence,
        "short": words.short,
        "grouped": words.grouped,
        "in_fours": words.in_fours,
        "without_commands": without_commands,
        "outcome": words.outcome,
        "plain": words.plain,
        "task_words": words.task_words,
        "stacked": stacked,
    }
    environment.globals |= {"version": version("debt-dispatcher"), "Role": Role}
    return environment


def _surroundings(site: Site, visit: Visit) -> dict[str, Any]:
    roles = visit.session.user.roles if visit.session else frozenset()
    return {
        "visit": visit,
        "user": visit.session.user if visit.session else None,
        "csrf": visit.session.csrf if visit.session else "",
        "said": ("bad", visit.wrong) if visit.wrong else site.cookies.hear(visit.request),
        "menu": [
            item
            for item in _MENU
            if visit.session
            and _open(f"GET {item[0]}", roles)
            and (site.is_practice or item[0] != "/practice")
        ],
        "is_practice": site.is_practice,
        "here": visit.here,
        "finds": visit.session is not None and _open("GET /find", roles),
        "rehearsal": visit.session is not None and not site.program.policy.real_channels,
        "now": visit.now,
    }


def _open(name: str, roles: frozenset[Role]) -> bool:
    access = ACCESS.get(name)
    return access is not None and not isinstance(access, Door) and may(access, roles)
