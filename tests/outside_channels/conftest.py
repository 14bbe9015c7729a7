"""Mock providers for the whole test process, and homes that point at them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.command import dispatcher
from tests.outside_channels import mock_providers
from tests.outside_channels.home import THREE, Home, Providers, copy_of, new_home
from tests.outside_channels.mock_relay import MockRelay

OpenHome = Callable[..., Home]
Say = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def _providers() -> Iterator[Providers]:
    with ExitStack() as stack:
        names = ("sendgrid", "twilio", "lob")
        mocks: dict[str, Any] = {
            name: stack.enter_context(getattr(mock_providers, name)().listening()) for name in names
        }
        yield Providers(relay=stack.enter_context(MockRelay().listening()), **mocks)


@pytest.fixture
def providers(_providers: Providers) -> Providers:
    """The mocks, with nothing received and nothing scripted."""
    _providers.forget()
    return _providers


@pytest.fixture(scope="session")
def waiting_home(_providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed home: three first reminders are planned and written, none is sent."""
    home = new_home(tmp_path_factory.mktemp("outside") / "home", _providers.settings(), THREE)
    home.run(wait=False)
    home.close()
    return home.folder


@pytest.fixture
def open_home(providers: Providers, waiting_home: Path, tmp_path: Path) -> Iterator[OpenHome]:
    """Opens copies of the waiting home or another; `rows` opens one with debtors of its own, nothing planned."""
    opened: list[Home] = []

    def open_(
        email: str = "sendgrid", rows: tuple[str, ...] = (), copied: Path = waiting_home, **more: Any
    ) -> Home:
        folder, channels = tmp_path / f"home{len(opened)}", providers.settings(email)
        for name, changes in more.pop("channels", {}).items():
            channels[name] = changes if "provider" in changes else {**channels[name], **changes}
        home = new_home(folder, channels, rows, **more) if rows else copy_of(copied, folder, channels, **more)
        opened.append(home)
        return home

    yield open_
    for home in opened:
        home.close()


@pytest.fixture
def home(open_home: OpenHome) -> Home:
    """Three first reminders that wait, for SendGrid, Twilio and Lob."""
    return open_home()


@pytest.fixture
def say() -> Say:
    """Runs a command in a home that is closed; its exit code and all that it said."""

    def say_(home: Home, *words: str) -> tuple[int, str]:
        settings = {"HOME": str(home.folder), "TEMPLATES__SOURCE": "folder", "RULES__REQUIRE_REVIEW": "false"}
        for channel, values in home.channels.items():
            settings |= {f"CHANNELS__{channel}__{name}": str(value) for name, value in values.items()}
        settings |= {name: str(value) for name, value in home.more.items()}
        done = dispatcher(*words, **{f"DISPATCHER_{name.upper()}": value for name, value in settings.items()})
        return done.returncode, done.stdout + done.stderr

    return say_
