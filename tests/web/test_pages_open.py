"""Every page opens for somebody with every role, and says what it is about."""

import re
from collections.abc import Callable

import pytest

from tests.web.house import ALL, Web

PAGES = {
    "/": "Run 1 for 16 Nov 2026",
    "/account": "Where you are signed in",
    "/runs": "Look before it goes",
    "/runs/1": "By step",
    "/messages": "Ana Pérez",
    "/people": "Ana Pérez",
    "/people/acme/A-1": "Timeline",
    "/people/acme/A-4": "disputed",
    "/find?q=nobody-of-that-name": "Nobody and nothing fits",
    "/handlers": "Who handles people",
    "/incidents": "It stops first",
    "/rules/places": "US-NY",
    "/outcomes/days?to=2026-11-16": "The numbers",
    "/templates": "first-reminder",
    "/templates/first-reminder": "Versions",
    "/templates/first-reminder/versions/1": "What next",
    "/templates/first-reminder/edit": "As the debtor sees it",
    "/templates/first-reminder/edit?file=en/sms.txt": "segments",
    "/templates/first-reminder/edit?file=template.yaml": "What it is for",
    "/templates/final-notice/edit?file=en/letter.md": "Page 1 of",
    "/templates/first-reminder/diff?old=1&new=1": "the same",
    "/templates/new": "Begin with the texts of",
    "/log": "Verify the whole log",
    "/log?words=account&channel=email": "accepted",
    "/log?event=blocked": "blocked",
    "/log/entries/1": "Proof",
    "/log/sample?size=5&seed=x": "whoever repeats these",
    "/log/exceptions": "Exceptions",
    "/imports": "Bring one in",
    "/tasks": "Held",
    "/tasks?kind=unknown": "end is known",
    "/tasks?kind=unclear_reply": "Nothing waits here",
    "/tasks?kind=review": "Nothing waits for a second person",
    "/jobs": "You have begun nothing yet",
    "/stops": "Nothing is stopped",
    "/users/access": "who has left",
    "/rules": "Counsel must review",
    "/rules/us-regf": "12 CFR 1006",
    "/calls": "Nobody may be called right now",
    "/outcomes": "Said stop",
    "/outcomes?by=channel&from=2026-11-16&to=2026-11-16&days=30": "who paid within 30 days".capitalize(),
    "/outcomes?by=arm&from=2020-01-01&to=2020-01-02": "Nothing went out between these days",
    "/forecast?days=5": "Goes out, by day and channel",
    "/forecast?from=2020-01-01&days=2": "Nothing comes to a step in these days",
    "/configuration": "Kept in files",
    "/configuration/strategies/consumer": "The ladder",
    "/configuration/senders/senders": "The text in force",
    "/keeping": "Keeping and forgetting",
    "/strategies": "first-reminder",
    "/senders": "Acme Home Services",
    "/settings": "daily-run",
    "/users": "New user",
    "/wire": "No program has a key yet",
}


@pytest.fixture(scope="module")
def pages_seen() -> dict[str, str]:
    return {}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_and_says_what_it_is_about(web: Web, path: str) -> None:
    assert PAGES[path] in web.signed_in(ALL).page(path)


@pytest.mark.parametrize("channel", ["email", "sms", "letter"])
def test_a_message_shows_what_was_sent_and_its_proof(
    web: Web, message_of: Callable[..., str], channel: str
) -> None:
    text = web.signed_in(ALL).page(f"/messages/{message_of(channel)}")

    assert re.search(r"House rules: \d+ rules about such a message", text)
    assert "What a debtor stopped stays stopped" in text  # in words, though it refused nothing
    assert "What it looked at" in text
    assert "Verified just now" in text
    assert "damaged" not in text
    assert ">proven<" in text


def test_the_exact_bytes_are_those_in_the_outbox(web: Web, message_of: Callable[..., str]) -> None:
    for channel, suffix in (("email", "eml"), ("sms", "txt"), ("letter", "pdf")):
        message_id = message_of(channel)
        answer = web.signed_in("auditor").get(f"/messages/{message_id}/bytes")
        assert answer.content == (web.house.home / "outbox" / f"{message_id}.{suffix}").read_bytes()
        assert "attachment" in answer.headers["content-disposition"]


def test_the_letters_pages_are_pictures(web: Web, message_of: Callable[..., str]) -> None:
    answer = web.signed_in("auditor").get(f"/messages/{message_of('letter')}/pages/1")

    assert answer.content.startswith(b"\x89PNG")
    assert web.signed_in("auditor").get(f"/messages/{message_of('letter')}/pages/99").status_code == 404


def test_a_changed_entry_shows_as_damaged(web: Web, message_of: Callable[..., str]) -> None:
    from sqlalchemy import text

    message_id = message_of()
    with web.house.database.writing() as connection:
        for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        changed = (
            "UPDATE log_entries SET entry = replace(entry, 'accepted', 'rejected') WHERE message_id = :id"
        )
        connection.execute(text(changed), {"id": message_id})

    page = web.signed_in("auditor").page(f"/messages/{message_id}")

    assert "Something was changed." in page
    assert "does not give the hash that was sealed" in page


@pytest.mark.parametrize(
    "path",
    [
        "/messages",
        "/people",
        "/people/acme/A-1",
        "/runs",
        "/templates",
        "/log",
        "/rules",
        "/log/exceptions",
        "/tasks?kind=held",
    ],
)
def test_a_list_exports_what_it_shows(web: Web, path: str) -> None:
    desk = web.signed_in(ALL)
    join = "&" if "?" in path else "?"

    as_json = desk.get(f"{path}{join}format=json")
    as_csv = desk.get(f"{path}{join}format=csv")

    assert as_json.status_code == as_csv.status_code == 200
    assert isinstance(as_json.json(), list)
    rows = [line for line in as_csv.text.splitlines() if line]
    if as_json.json():
        assert len(rows) > 1  # the heading, and a line each
    assert "exported" in desk.page("/log?event=list_exported")


def test_an_export_cannot_be_run_by_a_spreadsheet(web: Web) -> None:
    from tests.web.house import import_sample

    file = web.house.home / "evil.csv"
    file.write_text(
        "creditor,debtor_reference,debtor_name,country,debt_reference,currency,balance,due_date,disputed_on,promise_date\n"
        'acme,X-1,"=HYPERLINK(""http://evil.example"")",US,X-1,USD,5.00,2026-11-01,,\n'
    )
    import_sample(web.house, file)

    cells = web.signed_in("auditor").get("/people?q=X-1&format=csv").text

    assert "'=HYPERLINK" in cells
    assert ",=HYPERLINK" not in cells


def test_lists_go_on_by_key_and_lose_nothing(web: Web) -> None:
    import re

    from sqlalchemy import insert, select

    from dispatcher.database.tables.messages import messages

    with web.house.database.writing() as connection:
        row = dict(connection.execute(select(messages).limit(1)).mappings().one())
        copies = [row | {"id": f"0f000000-0000-7000-8000-{n:012d}"} for n in range(120)]
        connection.execute(insert(messages), copies)
    desk, seen, path = web.signed_in("auditor"), [], "/messages"
    for _ in range(10):
        text = desk.page(path)
        seen += re.findall(r'href="/messages/([0-9a-f-]{36})"', text)
        more = re.search(r'<a class="button" href="([^"]+)">Show more', text)
        if more is None:
            break
        path = more.group(1).replace("&amp;", "&")

    assert len(seen) == len(set(seen)) > 120
    assert seen == sorted(seen, reverse=True)
