"""Attacks: forms from elsewhere, foreign words as markup, bodies without end, previews that pry."""

import html
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from channels.event import InboundMessage
from dispatcher.delivery.record_inbound import record_inbound
from dispatcher.people.domain.optout_words import classify_reply
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.web.site.access import ACCESS, Door
from dispatcher.web.site.body_limit import LARGEST_FORM, LARGEST_WEBHOOK
from tests.web.house import ALL, Web, add
from tests.web.test_access import address
from tests.web.test_pages_open import PAGES

_POSTS = [name for name, access in ACCESS.items() if name.startswith("POST") and not isinstance(access, Door)]


class Markup(HTMLParser):
    """What of a page a browser would run or style inline."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style" or "style" in names or any(name.startswith("on") for name in names):
            self.inline.append(f"<{tag} {names}>")
        if tag == "script":
            self._in_script = True
            if not str(names.get("src", "")).startswith("/static/"):
                self.inline.append(f"<script {names}>")
        for name in ("href", "src", "action", "formaction"):
            if str(names.get(name, "")).strip().lower().startswith(("javascript:", "vbscript:")):
                self.inline.append(f"<{tag} {name}={names[name]}>")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.inline.append(data)


def runs_inline(page: str) -> list[str]:
    found = Markup()
    found.feed(page)
    return found.inline


@pytest.mark.parametrize("name", _POSTS)
def test_a_form_without_its_token_is_refused(web: Web, name: str) -> None:
    desk = web.signed_in(ALL)
    _, path = address(name)
    if path.startswith("/api/"):
        assert desk.client.post(path, json={}).status_code == 403
        assert desk.client.post(path, json={}, headers={"X-CSRF-Token": "made up"}).status_code == 403
        return

    assert desk.client.post(path).status_code == 403
    assert desk.client.post(path, data={"csrf": "made up"}).status_code == 403
    assert desk.client.post(path, data={"csrf": web.signed_in(ALL).csrf}).status_code == 403, (
        "another session's token"
    )
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        assert desk.post(path, headers=headers).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_nothing_inline_and_forbids_it(web: Web, path: str) -> None:
    answer = web.signed_in(ALL).get(path)

    assert runs_inline(answer.text) == []
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_every_form_of_every_page_bears_the_token(web: Web) -> None:
    desk = web.signed_in(ALL)
    for path in PAGES:
        text = desk.page(path)
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL):
            assert f'value="{desk.csrf}"' in form, (path, form[:200])


def test_a_fault_shows_no_inner_workings_and_keeps_the_headers(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dispatcher.web.operators import today

    def fail(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError("secret inner value")

    monkeypatch.setattr(today.day_counts, "page_of_runs", fail)
    answer = web.signed_in(ALL).get("/")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "fault, not yours" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_debtors_name_is_never_markup(web: Web, message_of: Callable[..., str]) -> None:
    """The sample's A-2 is called <script>alert('name')</script> and lives at <img onerror>."""
    desk = web.signed_in(ALL)
    for path in ("/messages", "/people", "/people/acme/A-2", "/runs/1", "/log", "/tasks", "/log/exceptions"):
        text = desk.page(path)
        assert runs_inline(text) == [], path
        assert "<script>alert" not in text, path
    assert html.escape("<script>alert('name')</script>", quote=True).replace("&#x27;", "&#39;") in desk.page(
        "/people/acme/A-2"
    )


def test_an_email_is_shown_in_a_world_of_its_own(web: Web, message_of: Callable[..., str]) -> None:
    desk = web.signed_in("auditor")
    message_id = message_of("email")

    frame = desk.get(f"/messages/{message_id}/email")

    policy = frame.headers["content-security-policy"]
    assert policy.startswith("sandbox;")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert f'src="/messages/{message_id}/email" sandbox ' in desk.page(f"/messages/{message_id}")


def test_an_inbound_reply_is_never_markup(web: Web) -> None:
    table = load_optout_words(web.house.config("content") / "optout_words.yaml")
    words = "<script>steal()</script><img src=x onerror=steal()> {{ 7*7 }} what is this?"
    inbound = InboundMessage(
        provider="twilio", event_id="SM1", at=web.house.now(), sender="+12125550101", to="+1", text=words
    )
    record_inbound(
        web.house.database,
        inbound,
        read=lambda text: classify_reply(text, table),
        now=web.house.now(),
        random_bytes=web.house.random_bytes,
    )

    desk = web.signed_in(ALL)
    for path in ("/tasks?kind=unclear_reply", "/people/acme/A-1", "/log"):
        text = desk.page(path)
        assert runs_inline(text) == [], path
        assert "<script>steal" not in text, path
    assert "&lt;script&gt;steal()" in desk.page("/tasks?kind=unclear_reply")
    assert "{{ 7*7 }}" in desk.page("/tasks?kind=unclear_reply")


def test_a_templates_text_is_never_markup(web: Web) -> None:
    desk = web.signed_in(ALL)
    text = "---\nsubject: </textarea><script>steal()</script>\npreheader: x\n---\nHello <script>steal()</script> [x](javascript:steal())\n"
    saved = desk.post(
        "/templates/first-reminder/edit",
        {
            "version": "1",
            "file": "en/email.md",
            "text": text,
            "opened": "",
            "comment": "<script>steal()</script>",
        },
    )
    location = saved.headers["location"]

    for path in (
        location,
        "/templates/first-reminder",
        "/templates/first-reminder/versions/2",
        "/templates/first-reminder/diff?old=1&new=2",
    ):
        page = desk.page(path)
        assert runs_inline(page) == [], path
    framed = desk.post(
        "/templates/first-reminder/preview/email", {"version": "1", "file": "en/email.md", "text": text}
    )
    assert framed.headers["content-security-policy"].startswith("sandbox;")
    assert "<script" not in framed.text


@pytest.mark.parametrize(
    "prying",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ lipsum.__globals__['os'].environ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ config }}",
        "{{ request.app.state.site.program.settings }}",
        "{{ visit.program.settings }}",
        "{{ settings.channels.email.api_key }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends '../../etc/passwd' %}",
        "{% for debtor in debtors %}{{ debtor.name }}{% endfor %}",
        "{{ debtor._mapping }}",
        "{{ debts[0].__class__ }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9**9**9 }}",
        "{% for x in range(999999999) %}x{% endfor %}",
        "{{ sender.__class__.__init__.__globals__ }}",
        "![x](file:///etc/passwd)",
        "<iframe src=file:///etc/passwd></iframe>",
    ],
)
@pytest.mark.parametrize("file", ["en/email.md", "en/letter.md"])
def test_the_preview_reads_no_file_no_setting_and_nobody_else(web: Web, prying: str, file: str) -> None:
    head = (
        "---\ntitle: A letter\n---\n"
        if file.endswith("letter.md")
        else "---\nsubject: A message\npreheader: From us\n---\n"
    )
    data = {"version": "1", "file": file, "text": f"{head}Hello {prying}\n"}
    desk = web.signed_in("manager")

    for path in ("/templates/first-reminder/preview", "/templates/first-reminder/preview/email"):
        answer = desk.post(path, data)
        assert answer.status_code == 200
        for secret in (
            "root:",
            "__class__'",
            "<class",
            "uid=",
            "SecretStr",
            "DISPATCHER_",
            "Disputing Dora",
            "dora@debtors",
        ):
            assert secret not in answer.text.replace(html.escape(prying), ""), (path, secret)


def test_the_preview_for_a_debtor_shows_that_debtor_alone(web: Web) -> None:
    add(web.house, "editor", ["manager", "operator"])
    text = "---\nsubject: A message\npreheader: From us\n---\nHello {{ debtor.name }}, {{ debt.reference }}\n"
    answer = web.signed_in("editor").post(
        "/templates/first-reminder/preview",
        {"version": "1", "file": "en/email.md", "text": text, "debtor": "acme/A-1"},
    )

    assert "Ana Pérez" in answer.text
    assert "Dora" not in answer.text
    missing = web.signed_in("editor").post(
        "/templates/first-reminder/preview",
        {"version": "1", "file": "en/email.md", "text": text, "debtor": "acme/nobody"},
    )
    assert missing.status_code == 200
    assert "Hello" not in missing.text


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd",
        "en/../../../etc/passwd",
        "/etc/passwd",
        "en/email.md/../../x",
        "..%2f..%2fetc/passwd",
        "en/notes.md",
    ],
)
def test_the_editor_opens_texts_of_a_template_and_nothing_else(web: Web, path: str) -> None:
    desk = web.signed_in("manager")

    assert desk.get("/templates/first-reminder/edit", params={"file": path}).status_code == 400
    assert (
        desk.post("/templates/first-reminder/edit", {"version": "1", "file": path, "text": "x"}).status_code
        == 400
    )


@pytest.mark.parametrize(
    "path",
    [
        "/static/../settings.py",
        "/static/..%2f..%2fsettings.py",
        "/static/%2e%2e/app.py",
        "/jobs/1%2f..%2f..%2fsigning.key/file",
    ],
)
def test_no_address_leads_out_of_its_folder(web: Web, path: str) -> None:
    assert web.signed_in(ALL).get(path).status_code == 404


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(web: Web) -> None:
    desk = web.signed_in(ALL)

    answer = desk.client.post("/stops", content=b"x" * (LARGEST_FORM + 1))

    assert answer.status_code == 413
    assert web.visitor().post("/webhooks/lob", content=b"x" * (LARGEST_WEBHOOK + 1)).status_code == 413
    assert web.visitor().post("/api/v1/stops", content=b"x" * (LARGEST_FORM + 1)).status_code == 413


def test_a_body_that_does_not_say_how_long_it_is_is_cut_off(web: Web) -> None:
    def endless() -> object:
        for _ in range(LARGEST_FORM // 65_536 + 2):
            yield b"x" * 65_536

    assert web.visitor().post("/stops", content=endless()).status_code == 413


def test_a_form_of_too_many_fields_is_refused(web: Web) -> None:
    desk = web.signed_in(ALL)

    answer = desk.client.post(
        "/stops",
        content="&".join(["a=1"] * 3_000),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query", ["from=yesterday", "run=x", "state=gone", "channel=pigeon", "run=" + "9" * 400]
)
def test_a_filter_that_makes_no_sense_is_refused_in_a_sentence(web: Web, query: str) -> None:
    answer = web.signed_in("auditor").get(f"/messages?{query}")

    assert answer.status_code == 400
    assert "That does not work" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/messages/none",
        "/people/acme/none",
        "/runs/99",
        "/templates/none",
        "/templates/first-reminder/versions/99",
        "/log/entries/99999999",
        "/jobs/99",
        "/rules/none",
        "/nowhere",
        "/runs/x",
        "/log/entries/-1",
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(web: Web, path: str) -> None:
    answer = web.signed_in(ALL).get(path)

    assert answer.status_code == 404
    assert "Nothing here" in answer.text


def test_the_settings_page_shows_no_secret(open_web: Callable[..., Web]) -> None:
    web = open_web(
        database_url="",
        broker_url="redis://someone:hidden-password@localhost:6379/0",
        channels={
            "email": {"api_key": "SG.hidden-key", "password": "hidden-smtp"},
            "sms": {"auth_token": "hidden-token"},
        },
    )

    text = web.signed_in("admin").page("/settings")

    assert not re.search("hidden-(key|password|smtp|token)", text)
    assert "channels.email.api_key" in text
