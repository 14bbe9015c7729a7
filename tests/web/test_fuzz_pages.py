"""Whatever a stranger or a colleague types into the pages: a refusal in words, never a fault of ours.

Which fields a page reads is found in the source of the module that answers, so a new page is tried without being added.
"""

import inspect
import os
import re
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some

from dispatcher.web.site.access import ACCESS, Door
from dispatcher.web.site.app import PAGES
from dispatcher.web.site.rate_limit import RateLimit
from dispatcher.web.site.visit import Page
from tests.web.house import ALL, Web

DEEP = os.environ.get("DEEP") == "1"
EXAMPLES = 200 if DEEP else 8
_READ = re.compile(r"""(?:query|text|field|fields|a_date|a_number|a_choice)\((?:visit, )?["']([\w-]+)["']""")

HOSTILE = (
    "", " ", "0", "1", "-1", "007", "1e3", "١٢", "9" * 30, "1.5", "NaN", "true", "null", "[]", "{}", "x" * 5_000,
    "2026-11-16", "2026-13-40", "0001-01-01", "9999-12-31", "2026-11-16T18:00:00Z", "2026-11-16T18:00:00+99:99",
    "acme/A-1", "acme/", "/", "../../etc/passwd", "%00", "\x00", "\ud800", "\u202e", "\N{PILE OF POO}" * 3, "a\r\nb: c",
    "' OR 1=1 --", "{{ 7*7 }}", "{% for x in y %}", "<script>alert(1)</script>", "=1+1", "csv", "json", "all:", "channel:sms",
    "first-reminder", "en", "email", "A-1", "acme", "next", "hold", "begin",
)  # fmt: skip
GOOD = {
    "reference:path": "acme/A-1", "name": "first-reminder", "version": "1", "id": "1", "number": "1", "token": "x",
}  # fmt: skip
# What costs seconds each, and is fuzzed by its own tests: hashing passwords, making letters and whole days.
FEW = {"POST /sign-in", "POST /runs/plan", "POST /runs", "POST /users", "POST /account/password"}


@cache
def fields_of(module: ModuleType) -> tuple[str, ...]:
    """Every name of a field or parameter that the module reads, and some that many share."""
    names = set(_READ.findall(inspect.getsource(module)))
    return tuple(sorted(names | {"cursor", "format", "page", "from", "until", "limit"}))


def trouble(answer: Any) -> str:
    if answer.status_code >= 500 and answer.status_code != 503:
        return f"{answer.status_code}: {answer.text[:300]}"
    return "" if "Traceback" not in answer.text else "a traceback is shown"


def names() -> list[str]:
    return [one.name for one in PAGES]


@pytest.mark.parametrize("name", names())
def test_no_page_meets_a_fault_whatever_is_asked_of_it(
    web: Web, message_of: Callable[..., str], name: str
) -> None:
    page = next(one for one in PAGES if one.name == name)
    module = inspect.getmodule(inspect.unwrap(page.handler))
    assert module is not None
    fields = fields_of(module)
    site = web.app._app.state.site
    for limit in ("sign_in_limit", "debtor_limit", "test_limit"):
        setattr(site, limit, RateLimit(tries=10**9, window=site.api_limit._window, clock=web.house.real_now))
    desk = web.signed_in(ALL) if not isinstance(ACCESS[name], Door) else None
    client = desk.client if desk else web.visitor()
    known = GOOD | ({"id": message_of()} if "/messages/" in page.path else {})
    values = some.one_of(some.sampled_from(HOSTILE), some.text(max_size=20))
    asked = some.dictionaries(some.sampled_from(fields), values, max_size=5)
    variables = re.findall(r"\{([\w:]+)\}", page.path)
    parts = some.fixed_dictionaries(
        {one: some.one_of(some.just(known.get(one, "1")), values) for one in variables}
    )

    @seed(20261116)
    @settings(
        max_examples=2 if name in FEW and not DEEP else EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(parts=parts, query=asked, form=asked)
    def ask(parts: dict[str, str], query: dict[str, str], form: dict[str, str]) -> None:
        nonlocal desk
        address = re.sub(r"\{([\w:]+)\}", lambda found: _quoted(parts[found[1]]), page.path)
        if query:
            address += "?" + "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in query.items())
        if page.method == "GET":
            answer = client.get(address)
        else:
            body = {"csrf": desk.csrf if desk else "x", **form}
            packed = "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in body.items())
            answer = client.post(
                address, content=packed, headers={"Content-Type": "application/x-www-form-urlencoded"}
            )
        assert not trouble(answer), f"{page.method} {address} {form}: {trouble(answer)}"

    ask()


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def test_every_page_with_fields_is_found_to_have_some() -> None:
    from dispatcher.web.operators import stops
    from dispatcher.web.site.app import sign_in_pages

    assert {"what", "why"} <= set(fields_of(stops))
    assert {"name", "password", "code", "next"} <= set(fields_of(sign_in_pages))
    assert isinstance(PAGES[0], Page)
