"""Hours to leave alone, other wishes, and consents."""

from datetime import date

import pytest

from dispatcher.database.tables.people import consents, wishes
from dispatcher.people import record_wish as wishes_of
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.record_consent import record_consent
from dispatcher.people.release_hold import release
from tests.people.people import SAID, file_of, read
from tests.portfolio.books import rows_of


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("MO-FR 15:00-17:00", [("MO TU WE TH FR", "15:00", "17:00")]),
        ("FR 17:00-24:00", [("FR", "17:00", "24:00")]),
        ("sa,su 00:00-24:00", [("SA SU", "00:00", "24:00")]),
        ("9:00-12:30", [("MO TU WE TH FR SA SU", "09:00", "12:30")]),
        ("FR 22:00-07:00", [("FR", "22:00", "24:00"), ("SA", "00:00", "07:00")]),
        ("SU 20:00-00:00", [("SU", "20:00", "24:00")]),
        ("SA-MO 10:00-11:00", [("MO SA SU", "10:00", "11:00")]),
    ],
)
def test_hours_to_leave_alone_are_read_also_over_midnight(text, spans):
    found = wishes_of.hours_to_leave(text)
    assert [(" ".join(d["days"]), d["from"], d["to"]) for _, d in found] == spans


@pytest.mark.parametrize(
    "text", ["afternoons", "MO 25:00-26:00", "XX 10:00-11:00", "10-12", "MO 10:60-11:00", "24:30-25:00"]
)
def test_hours_that_are_none_are_refused(text):
    with pytest.raises(RecordError):
        wishes_of.hours_to_leave(text)


def test_wishes_are_kept_until_their_day_and_released_by_kind(book):
    said = [
        *wishes_of.hours_to_leave("MO-FR 15:00-17:00"),
        wishes_of.place_to_leave("home"),
        wishes_of.statement("I am busy"),
        wishes_of.language("es-mx"),
        wishes_of.zone("America/Denver", there_now=True),
        wishes_of.workplace(
            employer_prohibits=True, oral_request=date(2026, 11, 2), written_confirmation=None
        ),
        wishes_of.debt_group("loan 1", ["D1", "D2"]),
    ]
    wishes_of.record_wish(book, "acme/07", SAID, said, read=read, until=date(2027, 1, 1))
    assert {w.kind: w.details for w in file_of(book).wishes} == {
        "time": {
            "days": ["MO", "TU", "WE", "TH", "FR"],
            "from": "15:00",
            "to": "17:00",
            "source": "consumer_statement",
        },
        "place": {"place": "home"},
        "statement": {"text": "I am busy"},
        "language": {"language": "es-MX"},
        "zone": {"zone": "America/Denver", "authoritative": True},
        "workplace": {"employer_prohibits": True, "oral_request": "2026-11-02"},
        "debt_group": {"account": "loan 1", "debts": ["D1", "D2"]},
    }
    assert {w.until for w in rows_of(book, wishes)} == {date(2027, 1, 1)}
    release(book, "acme/07", "wish_time", SAID)
    assert "time" not in {w.kind for w in file_of(book).wishes}


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (wishes_of.place_to_leave, "the moon"),
        (wishes_of.language, "Spanish!"),
        (lambda t: wishes_of.zone(t, there_now=False), "Mars/Olympus"),
        (lambda t: wishes_of.debt_group("x", [t]), "D1"),
    ],
)
def test_a_wish_that_nothing_understands_is_refused(make, argument):
    with pytest.raises(RecordError):
        make(argument)


def test_a_consent_is_kept_with_its_address_and_can_be_withdrawn(book):
    record_consent(book, "acme/07", "sms", SAID, given_on=date(2026, 11, 1), address="(212) 555-0100")
    record_consent(
        book, "acme/07", "number_check", SAID, address="(212) 555-0100", details={"result": "not_reassigned"}
    )
    record_consent(
        book, "acme/07", "call", SAID, details={"directly_to_collector": True, "scope": "call back Thursday"}
    )
    assert [(c.kind, c.address, c.given_on, c.details) for c in file_of(book).consents] == [
        ("sms", "+12125550100", date(2026, 11, 1), {}),
        ("number_check", "+12125550100", date(2026, 11, 16), {"result": "not_reassigned"}),
        ("call", "", date(2026, 11, 16), {"directly_to_collector": True, "scope": "call back Thursday"}),
    ]  # fmt: skip
    release(book, "acme/07", "consent_sms", SAID)
    assert [c.kind for c in file_of(book).consents] == ["number_check", "call"]


def test_a_consent_that_makes_no_sense_is_refused(book):
    for kind, ask in (
        ("blanket", {}),
        ("sms", {"given_on": date(2026, 11, 17)}),
        ("number_check", {}),
        ("number_check", {"address": "+12125550100", "details": {"result": "maybe"}}),
        ("address_notice", {"address": "a@debtors.example", "details": {"type": "hearsay"}}),
    ):
        with pytest.raises(RecordError):
            record_consent(book, "acme/07", kind, SAID, **ask)
    assert rows_of(book, consents) == []
