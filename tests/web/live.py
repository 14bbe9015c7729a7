"""A real server for a real browser: uvicorn on a free port of loopback, Chromium from the system."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.web.house import PASSWORD, Web

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-default-apps",
]  # fmt: skip
START_SECONDS = 20.0
PATIENCE = 20_000  # milliseconds that a page may take on a busy machine before it counts as not coming


def chromium() -> str:
    """The system's browser; without one the test is skipped and says so, never in CI."""
    named = os.environ.get("DISPATCHER_TEST_CHROMIUM", "")
    found = named or next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    sentence = "no Chromium here: `make browser` installs it, or set DISPATCHER_TEST_CHROMIUM"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser for a whole test process."""
    path = chromium()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@contextmanager
def served(web: Web) -> Iterator[str]:
    """The site under an address of loopback."""
    server = uvicorn.Server(uvicorn.Config(web.app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise RuntimeError("the server did not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def sign_in(page: Page, base: str, name: str, path: str = "/") -> None:
    """As a person does."""
    page.goto(f"{base}/sign-in?next={path}")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{base}{path}")


def complaints(page: Page) -> list[str]:
    """What the browser itself says is wrong, collected from here on."""
    said: list[str] = []

    def listen(message: Any) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said
