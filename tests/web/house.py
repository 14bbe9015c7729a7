"""A house for the web tests: a small portfolio, one run, a user a role; copied for each test."""

import re
import secrets
import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from anyio.from_thread import BlockingPortal
from httpx import Response
from starlette.testclient import TestClient

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.settings import load_settings
from dispatcher.users.domain.user import Role
from dispatcher.users.manage_users import add_user
from dispatcher.users.storage import sessions, users
from dispatcher.users.token_hash import token_hash
from dispatcher.web.operators.run_start import RunDay
from dispatcher.web.site.app import build_app
from dispatcher.worker.daily_run import run_today

AS_OF = date(2026, 11, 16)
NOW = datetime(2026, 11, 16, 18, 0, tzinfo=UTC)  # Monday noon in New York
PORTFOLIO = Path(__file__).with_name("portfolio.csv")
PASSWORD = "correct horse battery"
ALL = "everybody"  # a user with every role


def open_home(home: Path, **settings: Any) -> Dispatcher:
    """The program on a home, its clock at NOW."""
    return open_dispatcher(load_settings(home=home, **settings), now=NOW)


def build_home(home: Path) -> None:
    """Import, run a day, add a user a role and one with all."""
    house = open_home(home)
    try:
        import_sample(house)
        run_today(house, AS_OF, actor="test")
        for role in Role:
            add(house, role.value, [role.value])
        add(house, ALL, [role.value for role in Role])
    finally:
        house.close()


def import_sample(house: Dispatcher, file: Path = PORTFOLIO) -> None:
    """Import a portfolio as the command does."""
    folder = house.home / "rejects"
    import_portfolio(
        house.database,
        ImportRequest(
            file=file,
            as_of=AS_OF,
            now=house.real_now(),
            actor="test",
            rejects=folder / "rejects.csv",
            warnings=folder / "warnings.csv",
        ),
    )


def copy_home(template: Path, home: Path) -> Path:
    """A home of one's own."""
    shutil.copytree(template, home)
    return home


def add(house: Dispatcher, name: str, roles: list[str]) -> None:
    """A user who may sign in with PASSWORD."""
    add_user(
        house.database,
        name=name,
        roles=roles,
        password=PASSWORD,
        email=f"{name}@acme.example",
        by="test",
        at=house.real_now(),
    )


@dataclass
class Web:
    """The site with a client; `visitor` has no session, `signed_in` has one without typing a password."""

    # Of all sites in a test process; without one each request makes its own.
    loop: ClassVar[BlockingPortal | None] = None

    house: Dispatcher
    base: str = "http://testserver"
    run_day: RunDay | None = run_today
    app: Any = field(init=False)

    def __post_init__(self) -> None:
        self.app = build_app(self.house, self.run_day)

    def visitor(self) -> TestClient:
        client = TestClient(
            self.app, base_url=self.base, follow_redirects=False, raise_server_exceptions=False
        )
        client.portal = self.loop
        return client

    def signed_in(self, name: str) -> "Desk":
        """A client with a session made as sign-in makes it."""
        token, now = secrets.token_urlsafe(16), self.house.real_now()
        with self.house.database.writing() as connection:
            user = users.find(connection, name)
            assert user is not None
            csrf = secrets.token_hex(16)
            sessions.add(
                connection,
                token_sha256=token_hash(token),
                user_id=user.id,
                csrf=csrf,
                now=now,
                expires_at=now + timedelta(hours=1),
            )
        client = self.visitor()
        client.cookies.set(("__Host-" if self.base.startswith("https") else "") + "dispatcher_session", token)
        return Desk(client=client, csrf=csrf)


@dataclass
class Desk:
    """Somebody's signed-in client: `post` sends the form token along."""

    client: TestClient
    csrf: str

    def get(self, path: str, **more: Any) -> Response:
        return self.client.get(path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Response:
        return self.client.post(path, data={"csrf": self.csrf, **(data or {})}, **more)

    def page(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return answer.text

    def said(self, answer: Response) -> str:
        """Where a form leads, or that it is shown again, and the sentence that stands there."""
        assert answer.status_code in {303, 422}, (answer.status_code, answer.text[:2000])
        text = answer.text if answer.status_code == 422 else self.page(answer.headers["location"])
        found = re.search(
            r'<div class="note (?:good|bad)" role="(?:status|alert)">(.*?)</div>', text, re.DOTALL
        )
        assert found is not None, text[:3000]
        return found.group(1)
