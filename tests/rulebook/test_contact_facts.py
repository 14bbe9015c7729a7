"""Contact facts from JSON: every key known, null with a meaning of its own, words heard."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from dispatcher.gate.facts import NOTHING_ON_FILE, ContactFacts
from dispatcher.people.domain.optout_words import OptOutTable
from dispatcher.rulebook.contact_facts import UnknownKeys, parse_facts
from dispatcher.rulebook.fact_keys import known_keys
from dispatcher.rulebook.optout_words import load_optout_words
from tests.shared import ROOT


@pytest.fixture(scope="module")
def words() -> OptOutTable:
    return load_optout_words(ROOT / "config" / "content" / "optout_words.yaml")


def _facts(**more: Any) -> dict[str, Any]:
    least: dict[str, Any] = {
        "now_utc": "2026-11-04T15:00:00Z",
        "tz_candidates": [{"source": "residence", "tz": "America/New_York"}],
        "action": {"channel": "sms", "kind": "collection"},
    }
    return least | more


def _read(words: OptOutTable, **more: Any) -> ContactFacts:
    parsed = parse_facts(_facts(**more), words)
    assert isinstance(parsed, ContactFacts), parsed
    return parsed


def _keys(words: OptOutTable, **more: Any) -> tuple[str, ...]:
    parsed = parse_facts(_facts(**more), words)
    assert isinstance(parsed, UnknownKeys)
    return parsed.keys


def test_what_is_not_mentioned_is_compliant(words: OptOutTable) -> None:
    facts = _read(words)
    assert facts.now == datetime(2026, 11, 4, 15, tzinfo=UTC)
    assert (facts.email_consent, facts.notice_sent, facts.authorised_channels, facts.attorney) == (
        None,
        None,
        None,
        None,
    )
    assert facts.action.consent is None
    assert facts.system.audit_log_writable


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"colour": "red"}, "colour"),
        ({"action": {"channel": "sms", "colour": "red"}}, "action.colour"),
        ({"action": {"channel": "sms", "content": {"colour": "red"}}}, "action.content.colour"),
        (
            {
                "history": [
                    {"at_utc": "2026-11-03T15:00:00Z", "channel": "sms", "outcome": "sent", "mood": "bad"}
                ]
            },
            "history[0].mood",
        ),
        (
            {"tz_candidates": [{"source": "residence", "tz": "America/New_York", "sure": True}]},
            "tz_candidates[0].sure",
        ),
        ({"debt": {"colour": "red"}}, "debt.colour"),
        (
            {
                "inconvenient_times": [
                    {"days": ["MO"], "from": "09:00", "to": "10:00", "source": "x", "why": "y"}
                ]
            },
            "inconvenient_times[0].why",
        ),
    ],
)
def test_a_key_that_nobody_knows_is_named(words: OptOutTable, more: dict[str, Any], key: str) -> None:
    assert _keys(words, **more) == (key,)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"now_utc": "yesterday"}, "now_utc"),
        ({"action": {"channel": "fax"}}, "action.channel"),
        ({"action": {"kind": "collection"}}, "action.channel"),
        ({"action": "sms"}, "action"),
        ({"action": {"channel": "sms", "kind": "begging"}}, "action.kind"),
        ({"action": {"channel": "sms", "consent": "yes"}}, "action.consent"),
        ({"tz_candidates": [{"source": "residence", "tz": "Mars/Olympus"}]}, "tz_candidates[0].tz"),
        ({"debt": {"due": "soon"}}, "debt.due"),
        ({"debt": {"days_past_due": "ten"}}, "debt.days_past_due"),
        ({"debt": {"days_past_due": 10**12}}, "debt.days_past_due"),
        (
            {"inconvenient_times": [{"days": ["Monday"], "from": "09:00", "to": "10:00"}]},
            "inconvenient_times[0].days",
        ),
        (
            {"inconvenient_times": [{"days": ["MO"], "from": "9", "to": "10:00"}]},
            "inconvenient_times[0].from",
        ),
        ({"holidays": "2026-12-25"}, "holidays"),
        ({"action": None}, "action.channel"),
        ({"sender": {"role": "bailiff"}}, "sender.role"),
        ({"debt_groups": ["D1"]}, "debt_groups"),
        ({"debt": {"due": "9999-12-31"}}, "debt.due"),
        ({"now_utc": "0001-01-01T00:00:00Z"}, "now_utc"),
        ({"action": {"channel": "email", "esign_consent": "in writing"}}, "action.esign_consent"),
        ({"history": [{"channel": "call", "outcome": "unanswered"}]}, "history[0].at_utc"),
        (
            {
                "tz_candidates": [],
                "history": [{"at_local": "2026-11-02T10:00", "channel": "call", "outcome": "unanswered"}],
            },
            "history[0].at_utc",
        ),
    ],
)
def test_a_value_that_cannot_be_is_named_by_its_key(
    words: OptOutTable, more: dict[str, Any], key: str
) -> None:
    assert _keys(words, **more) == (key,)


@pytest.mark.parametrize("facts", [None, [], "facts", 7, {}])
def test_facts_that_are_none_are_unreadable(words: OptOutTable, facts: object) -> None:
    assert isinstance(parse_facts(facts, words), UnknownKeys)


def test_every_key_of_the_list_is_read(words: OptOutTable, shared: Any) -> None:
    """facts.md names its keys in backticks in the first column and in the list of compound keys."""
    import re

    text = (shared / "law" / "facts.md").read_text()
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    named = {word for row in rows for word in re.findall(r"`([a-z_.]+)", row[1])}
    known = {part for key in known_keys() for part in key.replace("[]", "").split(".")}
    assert {word.split(".")[-1] for word in named} - known == set()


def test_null_means_that_nothing_is_on_file(words: OptOutTable) -> None:
    facts = _read(
        words,
        email_consent=None,
        notice_sent=None,
        debt={"transfer_notice_sent": None},
        authorised_channels=None,
    )
    assert facts.email_consent is False
    assert facts.notice_sent is NOTHING_ON_FILE
    assert facts.debt.transfer_notice_sent is NOTHING_ON_FILE
    assert facts.authorised_channels == frozenset()


def test_email_consent_is_read_in_either_place(words: OptOutTable) -> None:
    assert _read(words, action={"channel": "email", "email_consent": None}).email_consent is False
    assert _read(words, email_consent=True).email_consent is True


def test_dates_are_dates_and_instants_are_utc(words: OptOutTable) -> None:
    facts = _read(
        words,
        debt={"due": "2026-11-10"},
        cease={"form": "letter", "received_utc": "2026-11-03T16:00:00+01:00"},
    )
    assert facts.debt.due == date(2026, 11, 10)
    assert facts.cease is not None
    assert facts.cease.received == datetime(2026, 11, 3, 15, tzinfo=UTC)


def test_an_earlier_contact_may_be_told_on_the_debtors_clock(words: OptOutTable) -> None:
    entry = {"at_local": "2026-11-02T10:00", "channel": "call", "outcome": "unanswered"}
    facts = _read(
        words, history=[entry, entry | {"at_utc": None}, entry | {"at_utc": "2026-11-02T14:00:00Z"}]
    )
    assert [past.at.astimezone(UTC).hour for past in facts.history] == [15, 15, 14]
    western = _read(words, now_local_tz="America/Los_Angeles", history=[entry])
    assert western.history[0].at.astimezone(UTC).hour == 18


def test_a_source_that_names_no_zone_is_no_candidate(words: OptOutTable) -> None:
    facts = _read(
        words,
        tz_candidates=[
            {"source": "mobile_area_code", "tz": None},
            {"source": "residence", "tz": "America/New_York"},
        ],
    )
    assert [candidate.source for candidate in facts.zones] == ["residence"]


def test_a_ground_may_be_a_date(words: OptOutTable) -> None:
    action = _read(
        words, action={"channel": "email", "esign_consent": "2026-10-01", "consent": None, "opted_out": False}
    ).action
    assert (action.esign_consent, action.consent, action.opted_out) == (True, False, False)


def test_a_ground_without_dates_is_compliant_and_one_with_none_on_file_is_not(words: OptOutTable) -> None:
    basis = _read(words, action={"channel": "sms", "number_basis": {"type": "direct_consent"}}).action
    assert basis.number_basis is not None
    assert basis.number_basis.consent_on is None
    on_file = {"type": "creditor_notice", "optout_by": None}
    address = _read(words, action={"channel": "email", "address_basis": on_file}).action.address_basis
    assert address is not None
    assert (address.notice_sent, address.optout_by) == (None, NOTHING_ON_FILE)


def test_a_moratorium_may_have_no_end(words: OptOutTable) -> None:
    assert _read(words, breathing_space_until="9999-12-31").breathing_space_until == date.max


def test_a_stop_in_the_history_becomes_an_opt_out_at_that_address(words: OptOutTable) -> None:
    said = {
        "at_utc": "2026-11-03T15:00:00Z",
        "channel": "sms",
        "outcome": "inbound_from_consumer",
        "direction": "inbound",
    }
    facts = _read(words, history=[said | {"text": "Stop!", "to": "mobileA"}])
    assert [(stop.address, stop.medium, stop.raw) for stop in facts.opt_outs] == [("mobileA", "sms", "Stop!")]


def test_a_start_after_it_takes_it_back(words: OptOutTable) -> None:
    said = {"channel": "sms", "outcome": "inbound_from_consumer", "direction": "inbound"}
    stop, start = (
        said | {"at_utc": "2026-11-03T15:00:00Z", "text": "STOP"},
        said | {"at_utc": "2026-11-03T16:00:00Z", "text": "START"},
    )
    assert _read(words, history=[start, stop]).opt_outs == ()


def test_what_came_as_an_opt_out_and_is_not_plain_waits_for_a_person(words: OptOutTable) -> None:
    assert _read(words, optouts_inbound_raw="not sure about this").unclear_replies == ("not sure about this",)
    assert _read(words, optouts_inbound_raw="ALTO").opt_outs[0].raw == "ALTO"


def test_a_statement_that_names_what_to_stop_stops_it(words: OptOutTable) -> None:
    facts = _read(words, consumer_statements=[{"text": "stop calling me"}, {"text": "I'm busy"}])
    assert [(stop.medium, stop.scope) for stop in facts.opt_outs] == [("call", "medium")]
    assert facts.unclear_replies == ()


def test_a_statement_that_stops_without_saying_what_waits_for_a_person(words: OptOutTable) -> None:
    assert _read(words, consumer_statements=[{"text": "leave me alone"}]).unclear_replies == (
        "leave me alone",
    )


@pytest.mark.parametrize(
    ("word", "relation"),
    [
        ("aval", "guarantor"),
        ("Deudor solidario", "joint_debtor"),
        ("co-signer", "guarantor"),
        ("debtor's attorney", "consumer_attorney"),
        ("Spouse", "spouse"),
        ("somebody", "somebody"),
    ],
)
def test_other_words_for_a_relation_are_understood(words: OptOutTable, word: str, relation: str) -> None:
    action = _read(words, action={"channel": "sms", "recipient": {"relation": word}}).action
    assert action.recipient.relation == relation
