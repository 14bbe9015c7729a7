"""The house of the web tests, made once and copied for each test."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from sqlalchemy import select

from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.database.tables.messages import messages
from dispatcher.settings import load_settings
from tests.command import dispatcher as command
from tests.made_once import made_once
from tests.web.house import NOW, Web, add, build_home, copy_home, open_home


@pytest.fixture(scope="session", autouse=True)
def one_loop_for_all_sites() -> Iterator[None]:
    """A loop and its threads a request would cost as much as a page."""
    with start_blocking_portal() as Web.loop:
        yield
    Web.loop = None


@pytest.fixture(scope="session")
def finished_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a whole run."""
    return made_once(tmp_path_factory, "finished_home", build_home)


@pytest.fixture
def open_web(finished_home: Path, tmp_path: Path) -> Iterator[Callable[..., Web]]:
    """Opens the site on a copy of that home, with settings of one's own."""
    opened: list[Dispatcher] = []

    def open_(**settings: Any) -> Web:
        home = tmp_path / f"home{len(opened)}"
        house = open_home(copy_home(finished_home, home), **settings)
        opened.append(house)
        return Web(house, base=settings.get("public_url", "http://testserver"))

    yield open_
    for house in opened:
        house.close()


@pytest.fixture
def web(open_web: Callable[..., Web]) -> Web:
    """The site with default settings."""
    return open_web()


@pytest.fixture
def later(finished_home: Path, tmp_path: Path) -> Iterator[Web]:
    """The site nine days on: the second reminders are due."""
    home = copy_home(finished_home, tmp_path / "later")
    house = open_dispatcher(load_settings(home=home), now=NOW + timedelta(days=9))
    yield Web(house)
    house.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser for the tests of one file."""
    from tests.web.live import launched  # with Playwright, which most files do without

    with launched() as opened:
        yield opened


@pytest.fixture
def message_of(web: Web) -> Callable[..., str]:
    """Finds a message's id by channel and state."""

    def find(channel: str = "email", state: str = "accepted") -> str:
        with web.house.database.reading() as connection:
            query = select(messages.c.id).where(messages.c.channel == channel, messages.c.state == state)
            found = connection.scalar(query.order_by(messages.c.id))
        assert found, f"the sample run has no {channel} message that is {state}"
        return str(found)

    return find


@pytest.fixture
def practised(tmp_path: Path) -> Iterator[Web]:
    """A practice home in which one operator has got their people, and those have written."""
    home = tmp_path / "practice"
    assert command("practice", "begin", home=home).returncode == 0
    house = open_dispatcher(load_settings(home=home), now=NOW)
    add(house, "anna", ["operator"])
    house.close()
    played = command("practice", "play", "--now", NOW.isoformat(), home=home)
    assert played.returncode == 0, played.stdout + played.stderr
    house = open_dispatcher(load_settings(home=home), now=NOW + timedelta(minutes=10))
    yield Web(house)
    house.close()


@pytest.fixture
def own(web: Web) -> Web:
    """The site of a creditor that turned the page on; A-1 and A-8 can prove who they are."""
    from tests.web.own_account import BORN, know, turn_on

    turn_on(web)
    know(web, "A-1", BORN, "TULIP 4471")
    know(web, "A-8", BORN, "rose-9913")
    return web
