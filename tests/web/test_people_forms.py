"""What a debtor says, written down on the page: each form calls the service, and the log keeps source and note."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from dispatcher.database.tables.log import log_entries
from tests.web.house import Web

ANA = "/people/acme/A-1"
FORMS: dict[str, tuple[dict[str, Any], str, str]] = {
    "payment": (
        {"amount": "20.00", "debt": "D-1", "on": "2026-11-15"},
        "payment_recorded",
        "20.00 USD for D-1",
    ),
    "dispute": ({"debt": ["D-1"], "form": "letter"}, "hold_recorded", "dispute since 16 Nov 2026"),
    "promise": (
        {"debt": ["D-1"], "until": "2026-12-01", "amount": "120.00"},
        "arrangement_agreed",
        "Promise of 120.00 USD",
    ),
    "plan": (
        {"debt": ["D-1"], "payments": "3", "every": "month", "first_on": "2026-12-01"},
        "arrangement_agreed",
        "Plan of",
    ),
    "complaint": ({"text": "two letters in a day", "form": "email"}, "hold_recorded", "complaint since"),
    "hold": ({"kind": "attorney", "name": "Alder & Finch"}, "hold_recorded", "attorney since"),
    "wish": ({"hours": "MO-FR 15:00-17:00", "place": ["workplace"]}, "wish_recorded", "15:00"),
    "consent": ({"kind": "sms", "on": "2026-11-01"}, "consent_recorded", "sms, 1 Nov 2026"),
    "opt_out": ({"medium": "email", "text": "stop it"}, "opted_out", "<q>stop it</q>"),
    "notice": ({"kind": "validation", "on": "2026-11-02"}, "notice_recorded", "validation, 2 Nov 2026"),
    "affordability": (
        {"income": "2000", "housing": "1500"},
        "affordability_recorded",
        "2000.00 USD come in, 1500.00 USD go out, 500.00 USD are left a month",
    ),
    "contact": ({"channel": "call", "outcome": "conversation"}, "contact_recorded", "conversation"),
}


def newest(web: Web, event: str) -> dict[str, Any]:
    with web.house.database.reading() as connection:
        query = (
            select(log_entries.c.entry)
            .where(log_entries.c.event == event)
            .order_by(log_entries.c.id.desc())
            .limit(1)
        )
        return dict(json.loads(connection.scalars(query).one()))


@pytest.mark.parametrize("fact", FORMS)
def test_a_form_writes_its_fact_down_with_source_and_note(web: Web, fact: str) -> None:
    fields, event, shows = FORMS[fact]
    desk = web.signed_in("operator")

    said = desk.said(
        desk.post(f"{ANA}/record", {"fact": fact, "source": "call 5512", "note": "a note of mine", **fields})
    )

    assert said.startswith("Recorded")
    entry = newest(web, event)
    assert (entry["actor"], entry["details"]["source"]) == ("user:operator", "call 5512")
    assert "a note of mine" not in json.dumps(entry), "a note must be erasable"
    assert shows in desk.page(ANA)


def test_a_form_without_its_source_comes_back_and_writes_nothing(web: Web) -> None:
    desk = web.signed_in("operator")

    answer = desk.post(f"{ANA}/record", {"fact": "dispute"})

    assert answer.status_code == 422
    assert "Say where it comes from" in answer.text
    assert '<details class="fold" open><summary>A dispute' in answer.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"fact": "payment", "amount": "twelve", "debt": "D-1"}, "amount"),
        ({"fact": "payment", "amount": "-5.00", "debt": "D-1"}, "more than nothing"),
        ({"fact": "payment", "amount": "5.00", "debt": "D-9"}, "no debt"),
        ({"fact": "promise"}, "by which day"),
        ({"fact": "promise", "until": "soon"}, "not a day"),
        ({"fact": "wish"}, "what the debtor wishes"),
        ({"fact": "wish", "hours": "evenings"}, "no span of hours"),
        ({"fact": "opt_out", "medium": "pigeon"}, "no medium"),
        ({"fact": "hold", "kind": "grudge"}, "no kind of hold"),
        ({"fact": "release", "kind": "dispute"}, "Nothing of the kind"),
    ],
)
def test_a_form_that_is_wrong_says_what_is_wrong(web: Web, fields: dict[str, str], sentence: str) -> None:
    answer = web.signed_in("operator").post(f"{ANA}/record", {"source": "call", **fields})

    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_hold_written_down_here_ends_here(web: Web) -> None:
    desk = web.signed_in("operator")
    desk.post(f"{ANA}/record", {"fact": "dispute", "source": "letter"})
    assert 'value="release"' in desk.page(ANA)

    said = desk.said(
        desk.post(f"{ANA}/record", {"fact": "release", "kind": "dispute", "source": "settled on the phone"})
    )

    assert said.startswith("Recorded")
    assert "ended 16 Nov 2026" in desk.page(ANA)


def test_an_auditor_reads_and_finds_no_form(web: Web) -> None:
    page = web.signed_in("auditor").page(ANA)

    assert "Timeline" in page
    assert "Write down what they say" not in page
    assert f'action="{ANA}/record"' not in page


def test_the_timeline_tells_what_was_not_sent_and_why_with_its_source(web: Web) -> None:
    page = web.signed_in("auditor").page("/people/acme/A-5")

    assert "Kept back so far" in page
    assert "promised" in page


def test_times_are_the_debtors_with_the_zone_named_and_utc_beside(web: Web) -> None:
    page = web.signed_in("auditor").page("/people/acme/A-1")

    assert 'title="2026-11-16 18:0' in page
    assert "16 Nov 2026, 13:0" in page
    assert '<span class="zone">America/New_York</span>' in page


def test_a_person_is_found_by_reference_name_address_and_debt(web: Web) -> None:
    desk = web.signed_in("operator")
    for words in ("A-1", "acme/A-1", "ana p", "ana@debtors.example", "D-1"):
        page = desk.get("/people", params={"q": words}).text
        assert "Ana Pérez" in page, words
        assert "Disputing Dora" not in page, words
    assert "Nobody fits" in desk.get("/people", params={"q": "nobody at all"}).text
