import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import consents, contacts, holds, notices, opt_outs, wishes
from dispatcher.database.tables.portfolio import creditors, debtors, debts, payments
from dispatcher.delivery.work_on_tasks import finish_tasks
from dispatcher.people import record_wish as wishes_of
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.hold_facts import HOLDS
from dispatcher.people.record_consent import record_consent
from dispatcher.people.record_contact import record_contact
from dispatcher.people.record_fact import record_fact
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_notice import record_notice
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.record_payment import record_payment, reverse_payment
from dispatcher.people.release_hold import release
from dispatcher.people.storage import addresses
from dispatcher.people.storage.people import load_people
from tests.people.people import NOW, SAID, last_entry, read
from tests.portfolio.books import a_file, a_row, an_import, rows_of


def id_of(database, creditor, reference):
    with database.reading() as connection:
        from dispatcher.people.storage.people_facts import find_debtors

        return find_debtors(connection, reference, creditor=creditor)[0].id


def file_of(database, who="07", creditor="acme"):
    with database.reading() as connection:
        key = id_of(database, creditor, who)
        return load_people(connection, [key], now=NOW + timedelta(minutes=1))[key]


def test_a_payment_lowers_what_is_owed_and_is_an_entry_of_the_log(book):
    found = record_payment(book, "acme/07", "20.50", SAID, debt="D1", paid_on=date(2026, 11, 16))
    assert found.details["left"] == "100.00"
    [payment] = rows_of(book, payments)
    assert (payment.amount_minor, payment.paid_on, payment.source, payment.note, payment.recorded_at) == (
        2050,
        date(2026, 11, 16),
        "call 5512",
        "spoke for two minutes",
        NOW,
    )
    assert {d.reference: d.paid_minor for d in rows_of(book, debts)} == {
        "D1": 2050,
        "D2": 0,
        "X1": 0,
        "X2": 0,
    }
    entry, kept = last_entry(book)
    assert (entry["event"], entry["actor"], entry["creditor"]) == ("payment_recorded", "desk:maria", "acme")
    assert kept == {"debtor": "acme/07", "debts": ["acme/D1"], "note": "spoke for two minutes"}
    assert "two minutes" not in str(entry)


def test_a_fact_has_the_local_time_of_the_zones_that_the_newest_message_went_by(book):
    debtor = id_of(book, "acme", "07")
    record_opt_out(book, "acme/07", SAID, medium="sms")
    assert "local_time" not in last_entry(book)[0]
    row = {
        "creditor_id": 1, "recipient_id": debtor, "as_of": NOW.date(), "step": "first", "kind": "collection", "channel": "email",
        "template": "first-reminder", "state": "accepted", "expires_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    zones = ["America/New_York", "America/Phoenix"], ["America/Chicago"], []  # a confirmation has none
    with book.writing() as connection:
        for i, each in enumerate(zones):
            at = NOW - timedelta(days=[1, 2, 0][i])
            connection.execute(insert(messages).values(**row, id=str(i), zones=each, created_at=at))
    record_payment(book, "acme/07", "20.50", SAID, debt="D1")
    entry, _ = last_entry(book)
    assert (entry["zones"], entry["local_time"]) == (zones[0], "2026-11-16T10:00:00.000-05:00")


def test_a_joint_debtor_may_pay_the_debt(book):
    record_payment(book, "acme/08", "120.50", SAID)
    assert {d.reference: d.paid_minor for d in rows_of(book, debts)}["D1"] == 12050


def test_a_payment_that_the_ledger_holds_by_its_day_lowers_nothing_twice(book):
    found = record_payment(book, "acme/07", "20.50", SAID, debt="D1", paid_on=date(2026, 11, 14))
    assert found.details["left"] == "120.50"
    [payment] = rows_of(book, payments)
    assert payment.absorbed_at == NOW


def test_a_payment_on_the_ledger_s_own_day_counts_where_it_is_written_down_that_day(book):
    with book.writing() as connection:
        connection.execute(update(creditors).values(ledger_as_of=NOW.date()))
    assert record_payment(book, "acme/07", "20.50", SAID, debt="D1").details["left"] == "100.00"
    later = replace(SAID, now=NOW + timedelta(days=1))
    found = record_payment(book, "acme/07", "10", later, debt="D1", paid_on=NOW.date())
    assert found.details["left"] == "100.00"


def test_a_payment_of_unknown_aim_pays_the_oldest_first_and_the_last_takes_what_is_over(book):
    assert record_payment(book, "other/99", "5", SAID).debts == ("other/X2",)
    found = record_payment(book, "acme/07", "130", SAID)
    assert (found.debts, found.details["left"]) == (("acme/D1", "acme/D2"), "70.50")
    assert {d.reference: d.paid_minor for d in rows_of(book, debts) if d.paid_minor} == {
        "D1": 12050,
        "D2": 950,
        "X2": 500,
    }


def test_a_payment_of_unknown_aim_touches_no_disputed_debt(book):
    record_hold(book, "acme/07", "dispute", SAID, debts=["D1"])
    assert record_payment(book, "acme/07", "10", SAID).debts == ("acme/D2",)
    record_hold(book, "acme/07", "dispute", SAID, debts=["D2"])
    with pytest.raises(RecordError, match=r"D1 is disputed; D2 is disputed\): say with --debt"):
        record_payment(book, "acme/07", "11", SAID)


def test_a_payment_that_was_taken_back_counts_nowhere_in_all_its_parts(book):
    key = record_payment(book, "acme/07", "130", SAID).details["id"]
    found = reverse_payment(book, "acme/07", key, SAID)
    assert found.details == {"id": key, "amount": "130.00", "currency": "USD"}
    assert not any(debt.paid_minor for debt in rows_of(book, debts))
    assert last_entry(book)[0]["event"] == "payment_reversed"
    with pytest.raises(RecordError, match="taken back before"):
        reverse_payment(book, "acme/07", key, SAID)
    record_payment(book, "acme/07", "130", SAID)  # the same once more is no repeat of what was taken back
    with pytest.raises(RecordError, match="no payment 99"):
        reverse_payment(book, "acme/07", 99, SAID)


def test_the_same_payment_twice_needs_to_be_meant(book):
    record_payment(book, "acme/07", "5", SAID, debt="D1")
    with pytest.raises(RecordError, match="--again"):
        record_payment(book, "acme/07", "5.00", SAID, debt="D1")
    record_payment(book, "acme/07", "5.00", SAID, debt="D1", again=True)
    assert {d.reference: d.paid_minor for d in rows_of(book, debts)}["D1"] == 1000


@pytest.mark.parametrize("amount", ["0", "-5", "5.001", "five", "", "1,2"])
def test_an_amount_that_is_none_is_refused(book, amount):
    with pytest.raises(RecordError, match="amount"):
        record_payment(book, "acme/07", amount, SAID, debt="D1")
    assert rows_of(book, payments) == []


def test_a_debtor_is_found_by_creditor_and_reference_or_by_a_reference_alone_where_it_is_unique(book):
    assert record_hold(book, "07", "manual", SAID).debtor == "acme/07"
    assert record_hold(book, "other/08", "manual", SAID).debtor == "other/08"
    with pytest.raises(RecordError, match="'08' is a debtor of several creditors: say acme/08 or other/08"):
        record_hold(book, "08", "manual", SAID)
    with pytest.raises(RecordError, match="there is no debtor 'acme/nobody'"):
        record_hold(book, "acme/nobody", "manual", SAID)
    with pytest.raises(RecordError, match="acme/07 has no debt 'X1'; open ones: D1, D2"):
        record_hold(book, "acme/07", "dispute", SAID, debts=["X1"])


def test_a_dispute_of_two_debts_holds_each_and_is_not_added_twice(book):
    details = {"form": "letter"}
    record_hold(
        book, "acme/07", "dispute", SAID, debts=["D1", "acme/D2"], since=date(2026, 11, 2), details=details
    )
    again = record_hold(book, "acme/07", "dispute", SAID, debts=["D1"], details=details)
    assert again.already
    assert [(h.kind, h.starts_on, h.details) for h in rows_of(book, holds)] == [
        ("dispute", date(2026, 11, 2), details)
    ] * 2
    entry, kept = last_entry(book)
    assert (entry["event"], entry["details"]["hold"]) == ("hold_recorded", "dispute")
    assert kept["debts"] == ["acme/D1", "acme/D2"]


@pytest.mark.parametrize("kind", HOLDS)
def test_every_kind_of_hold_is_recorded_and_released(book, kind):
    until = date(2026, 12, 1) if kind in {"promise", "breathing_space"} else None
    record_hold(book, "acme/07", kind, SAID, until=until)
    assert [hold.kind for hold in file_of(book).holds] == [kind]

    release(book, "acme/07", kind, SAID)
    assert file_of(book).holds == ()
    assert last_entry(book)[0]["event"] == "hold_released"
    with pytest.raises(RecordError, match="nothing of the kind"):
        release(book, "acme/07", kind, SAID)


def test_a_moratorium_needs_its_day_and_a_hold_cannot_end_before_it_begins(book):
    with pytest.raises(RecordError, match="say with a date"):
        record_hold(book, "acme/07", "breathing_space", SAID)
    with pytest.raises(RecordError, match="before it begins"):
        record_hold(book, "acme/07", "manual", SAID, since=date(2026, 12, 2), until=date(2026, 12, 1))
    with pytest.raises(RecordError, match="no kind of hold"):
        record_hold(book, "acme/07", "whim", SAID)


def test_names_and_words_of_a_hold_stand_in_the_erasable_table_alone(book):
    record_hold(book, "acme/07", "attorney", SAID, details={"name": "Alder & Finch", "unresponsive": True})
    entry, kept = last_entry(book)
    assert kept["name"] == "Alder & Finch"
    assert "Alder" not in str(entry)
    assert entry["details"]["unresponsive"] is True


def test_a_verification_and_an_answer_are_noted_in_what_they_answer(book):
    record_hold(book, "acme/07", "dispute", SAID, debts=["D1"])
    record_hold(book, "acme/07", "dispute", SAID, debts=["D2"])
    record_hold(book, "acme/07", "original_creditor_request", SAID)

    assert (
        record_notice(
            book, "acme/07", "verification", SAID, debts=["D1"], sent_on=date(2026, 11, 15)
        ).details["answers"]
        == 1
    )
    record_notice(book, "acme/07", "original_creditor_answer", SAID, sent_on=date(2026, 11, 14))

    details = {(h.kind, h.debt_id): h.details for h in rows_of(book, holds)}
    ids = {d.reference: d.id for d in rows_of(book, debts)}
    assert details[("dispute", ids["D1"])] == {"verification_sent": "2026-11-15"}
    assert details[("dispute", ids["D2"])] == {}
    assert details[("original_creditor_request", None)] == {"answered": "2026-11-14"}


def test_a_notice_is_kept_for_each_debt_with_its_validation_period(book):
    record_notice(
        book,
        "acme/07",
        "validation",
        SAID,
        debts=["D1", "D2"],
        sent_on=date(2026, 11, 2),
        details={"validation_period_end": "2026-12-09"},
    )
    assert [(n.kind, n.sent_on, n.details) for n in rows_of(book, notices)] == [
        ("validation", date(2026, 11, 2), {"validation_period_end": "2026-12-09"})
    ] * 2
    with pytest.raises(RecordError, match="no kind of notice"):
        record_notice(book, "acme/07", "postcard", SAID)
    with pytest.raises(RecordError, match="2026-11-01 is before the notice was sent, 2026-11-02"):
        record_notice(
            book,
            "acme/07",
            "transfer",
            SAID,
            sent_on=date(2026, 11, 2),
            details={"received_on": "2026-11-01"},
        )


def test_an_opt_out_at_an_address_binds_everyone_there(book):
    found = record_opt_out(book, "acme/07", SAID, medium="sms", address="(212) 555-0100", raw="STOP")
    assert found.details["also_binds"] == 1
    for who in ("07", "08"):
        [stop] = file_of(book, who).opt_outs
        assert (stop.address, stop.medium, stop.scope, stop.raw) == ("+12125550100", "sms", "address", "STOP")
    assert file_of(book, "99", "other").opt_outs == ()
    entry, kept = last_entry(book)
    assert entry["event"] == "opted_out"
    assert (kept["address"], kept["words"]) == ("+12125550100", "STOP")
    assert "5550100" not in str(entry)


def test_an_opt_out_binds_whoever_is_reached_at_the_mailbox_in_another_case(book, tmp_path):
    shouted = a_row(
        creditor="other", debtor_reference="77", debt_reference="X9", email="ANA@Debtors.Example", phone=""
    )
    an_import(book, a_file(tmp_path, shouted))
    record_opt_out(book, "acme/07", SAID, medium="email", address="ana@debtors.example")
    [stop] = file_of(book, "77", "other").opt_outs
    assert (stop.address.lower(), stop.medium) == ("ana@debtors.example", "email")


@pytest.mark.parametrize(
    ("ask", "scope"),
    [({"medium": "letter"}, "medium"), ({}, "all"), ({"address": "ana@Debtors.example"}, "address")],
)
def test_an_opt_out_without_an_address_or_medium_means_any(book, ask, scope):
    record_opt_out(book, "acme/07", SAID, **ask)
    [stop] = rows_of(book, opt_outs)
    assert (stop.scope, stop.medium, stop.address) == (
        scope,
        ask.get("medium", ""),
        "ana@debtors.example" if "address" in ask else "",
    )
    assert record_opt_out(book, "acme/07", SAID, **ask).already
    assert len(rows_of(book, opt_outs)) == 1


def test_an_opt_out_that_makes_no_sense_is_refused(book):
    for ask in (
        {"medium": "fax"},
        {"medium": "sms", "address": "ana@debtors.example"},
        {"address": "12"},
        {"medium": "email", "address": "+12125550100"},
    ):
        with pytest.raises(RecordError):
            record_opt_out(book, "acme/07", SAID, **ask)
    assert rows_of(book, opt_outs) == []


def test_a_released_opt_out_no_longer_binds(book):
    record_opt_out(book, "acme/07", SAID, medium="sms", address="+1 212 555 0100")
    record_opt_out(book, "acme/07", SAID, medium="letter")
    release(book, "acme/07", "opt_out", SAID, address="+1 212 555 0100")
    assert [stop.medium for stop in file_of(book).opt_outs] == ["letter"]
    assert file_of(book, "08").opt_outs == ()
    assert last_entry(book)[0]["event"] == "opt_out_revoked"


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


def test_a_contact_made_elsewhere_is_in_the_history(book):
    at = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
    record_contact(
        book,
        "acme/07",
        "call",
        SAID,
        read=read,
        at=at,
        outcome="unanswered",
        debts=["D1"],
        address="(212) 555-0100",
        external_id="c-1",
    )
    assert record_contact(
        book, "acme/07", "call", SAID, read=read, at=at, outcome="unanswered", external_id="c-1"
    ).already
    [entry] = file_of(book).history
    assert (entry.at, entry.channel, entry.outcome, entry.direction, entry.debts, entry.to) == (
        at,
        "call",
        "unanswered",
        "outbound",
        ("D1",),
        "+12125550100",
    )


def test_what_a_debtor_said_to_us_keeps_its_words_erasable(book):
    record_contact(
        book,
        "acme/07",
        "sms",
        SAID,
        read=read,
        direction="inbound",
        address="(212) 555-0100",
        details={"text": "HELP"},
    )
    [entry] = file_of(book).history
    assert (entry.outcome, entry.direction, entry.text) == (
        "inbound_from_consumer",
        "inbound",
        "HELP",
    )
    logged, kept = last_entry(book)
    assert logged["event"] == "inbound"
    assert kept["text"] == "HELP"
    assert "HELP" not in str(logged)


@pytest.mark.parametrize(
    ("words", "channel", "address", "stops", "held"),
    [
        ("no mas", "sms", "(212) 555-0100", [("+12125550100", "", "address")], False),
        ("STOP", "email", "", [("", "email", "medium")], False),
        ("please stop calling me", "email", "", [("", "call", "medium")], False),
        ("stop all contact", "sms", "", [("", "", "all")], False),
        ("leave me alone", "portal", "", [], True),
        ("pleese stpo", "sms", "", [], True),
        ("how much do I owe?", "sms", "", [], True),
        ("I filed for bankruptcy", "email", "", [], True),
        ("my lawyer is Mr Vance, write to him", "letter", "", [], True),
        ("this person died in May", "email", "", [], True),
        ("I dispute this debt", "portal", "", [], True),
        ("please send me a copy of the invoice", "email", "", [], True),
        ("who is this?", "sms", "", [], True),
        ("I accept option 2", "email", "", [], True),
        ("ok\n> Reply STOP to stop texts to this number.", "sms", "", [], True),
        ("Reply STOP to stop texts to this number.", "sms", "", [], True),
        (
            "STOP\n\nOn Mon, 3 Nov 2026, Acme wrote:\n> how do I stop?",
            "email",
            "",
            [("", "email", "medium")],
            False,
        ),
    ],
)
def test_what_a_debtor_says_elsewhere_stops_what_it_names_or_waits_for_a_reader(
    book, words, channel, address, stops, held
):
    details = {"text": words}
    heard = record_contact(
        book, "acme/07", channel, SAID, read=read, direction="inbound", address=address, details=details
    )
    person = file_of(book)
    assert [(o.address, o.medium, o.scope) for o in person.opt_outs] == stops
    assert [h.kind for h in person.holds] == ["unclear_reply"] * held
    assert heard.details["understood"] == ("stop" if stops else "unclear")
    waiting = [task for task in rows_of(book, tasks) if task.kind == "unclear_reply"]
    assert [words in task.text for task in waiting] == [True] * held


def test_who_releases_the_quiet_has_read_every_answer(book):
    for words in ("I dispute this debt", "my lawyer is Mr Vance"):
        details = {"text": words}
        record_contact(book, "acme/07", "email", SAID, read=read, direction="inbound", details=details)
    assert len(file_of(book).holds) == 1
    release(book, "acme/07", "unclear_reply", SAID)
    assert not file_of(book).holds
    assert all(task.done_at and task.outcome for task in rows_of(book, tasks))


def test_the_quiet_lasts_until_the_last_answer_is_read(book):
    for words in ("I dispute this debt", "my lawyer is Mr Vance"):
        details = {"text": words}
        record_contact(book, "acme/07", "email", SAID, read=read, direction="inbound", details=details)
    first, second = (task.id for task in rows_of(book, tasks))
    finish_tasks(book, [first], outcome="a dispute", release_quiet=True, actor="desk:maria", now=NOW)
    assert [hold.kind for hold in file_of(book).holds] == ["unclear_reply"]
    finish_tasks(book, [second], outcome="recorded", release_quiet=True, actor="desk:maria", now=NOW)
    assert not file_of(book).holds


@pytest.mark.parametrize(("words", "kind"), [("HELP", "help"), ("START", "start")])
def test_who_asks_for_help_or_for_more_is_a_task_and_not_quieted(book, words, kind):
    details = {"text": words}
    heard = record_contact(book, "acme/07", "email", SAID, read=read, direction="inbound", details=details)
    assert heard.details["understood"] == kind
    assert not file_of(book).holds
    assert [task.kind for task in rows_of(book, tasks)] == ["help_wanted"]


def test_what_we_noted_of_a_conversation_waits_for_nobody_unless_it_may_mean_stop(book):
    details = {"text": "will call back on Friday"}
    record_contact(book, "acme/07", "call", SAID, read=read, outcome="conversation", details=details)
    assert not file_of(book).holds


def test_direct_contact_never_grows_too_old_for_the_caps_that_begin_with_it(book):
    long_ago = NOW - timedelta(days=300)
    record_contact(book, "acme/07", "call", SAID, read=read, at=long_ago, outcome="conversation")
    record_contact(book, "acme/07", "email", SAID, read=read, at=long_ago, direction="inbound")
    record_contact(book, "acme/07", "call", SAID, read=read, at=long_ago, outcome="unanswered")
    assert [(c.channel, c.outcome) for c in file_of(book).history] == [
        ("call", "conversation"),
        ("email", "inbound_from_consumer"),
    ]


def test_what_was_said_in_a_conversation_is_the_debtors_word_whoever_called(book):
    details = {"text": "do not call me again"}
    record_contact(book, "acme/07", "call", SAID, read=read, outcome="conversation", details=details)
    assert [(o.medium, o.scope) for o in file_of(book).opt_outs] == [("call", "medium")]


def test_what_we_said_ourselves_stops_nothing(book):
    record_contact(book, "acme/07", "sms", SAID, read=read, details={"text": "STOP"})
    assert not file_of(book).opt_outs


@pytest.mark.parametrize(
    ("words", "stops", "held"),
    [("never email me again, stop emailing", ["email"], False), ("leave me alone", [], True), ("I am busy", [], False)],
)  # fmt: skip
def test_words_of_a_wish_stop_the_medium_they_name(book, words, stops, held):
    wishes_of.record_wish(book, "acme/07", SAID, [wishes_of.statement(words)], read=read)
    person = file_of(book)
    assert [o.medium for o in person.opt_outs] == stops
    assert [h.kind for h in person.holds] == ["unclear_reply"] * held


def test_an_outcome_nobody_knows_is_taken_the_careful_way(book):
    record_contact(book, "acme/07", "call", SAID, read=read)
    record_contact(book, "acme/07", "letter", SAID, read=read)
    assert sorted((c.channel, c.outcome) for c in rows_of(book, contacts)) == [
        ("call", "conversation"),
        ("letter", "sent"),
    ]


def test_a_contact_in_the_future_or_of_unknown_words_is_refused(book):
    with pytest.raises(RecordError, match="future"):
        record_contact(book, "acme/07", "call", SAID, read=read, at=NOW + timedelta(minutes=1))
    for ask in (
        {"channel": "pigeon"},
        {"channel": "call", "outcome": "nice"},
        {"channel": "call", "direction": "sideways"},
    ):
        with pytest.raises(RecordError, match="there are:"):
            record_contact(book, "acme/07", ask.pop("channel"), SAID, read=read, **ask)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_opt_out_waits_for_a_claim_that_has_locked_someone_at_the_address(book):
    """Luis is being written to; Ana's STOP at their number must come before or after, not in the middle."""
    finished = threading.Event()

    def stop():
        record_opt_out(book, "acme/07", SAID, medium="sms", address="+12125550100")
        finished.set()

    with book.writing() as connection:
        addresses.lock(connection, [id_of(book, "acme", "08")])
        thread = threading.Thread(target=stop)
        thread.start()
        assert not finished.wait(0.5)
        assert connection.execute(select(opt_outs)).all() == []
    assert finished.wait(10)
    thread.join()
    assert len(rows_of(book, opt_outs)) == 1


def test_the_first_error_leaves_nothing_behind(book):
    with pytest.raises(RecordError):
        record_hold(book, "acme/07", "dispute", SAID, debts=["D1", "nothing"])
    assert rows_of(book, holds) == []
    assert len(rows_of(book, debtors)) == 4


@pytest.mark.parametrize(
    ("fact", "first", "again", "added"),
    [
        (
            "hold",
            {"kind": "attorney"},
            {"kind": "attorney", "name": "Alder & Finch"},
            {"name": "Alder & Finch"},
        ),
        ("hold", {"kind": "cease"}, {"kind": "cease", "medium_accepted": "no"}, {"medium_accepted": False}),
        ("hold", {"kind": "cease"}, {"kind": "cease", "since": "2026-11-02"}, {"since": "2026-11-02"}),
        ("dispute", {"since": "2026-11-02"}, {"since": "2026-11-09"}, {}),
        ("dispute", {}, {"validation_period_end": "2026-12-01"}, {"validation_period_end": "2026-12-01"}),
        ("complaint", {"text": "two letters"}, {"text": "and a call"}, {"text": "two letters\nand a call"}),
        ("complaint", {"text": "two letters"}, {"text": "two letters"}, {}),
        ("consent", {"kind": "call"}, {"kind": "call", "scope": "Thursday"}, {"scope": "Thursday"}),
        ("consent", {"kind": "sms", "given_on": "2026-11-01"}, {"kind": "sms", "given_on": "2026-11-01"}, {}),
        (
            "notice",
            {"kind": "validation", "sent_on": "2026-11-02"},
            {"kind": "validation", "sent_on": "2026-11-02", "validation_period_end": "2026-12-09"},
            {"validation_period_end": "2026-12-09"},
        ),
        ("wish", {"not_at": "home"}, {"not_at": "home"}, {}),
        ("opt_out", {"medium": "sms"}, {"medium": "sms", "words": "STOP"}, {"words": "STOP"}),
        ("opt_out", {"medium": "sms", "words": "STOP"}, {"medium": "sms", "words": "stop it"}, {}),
        (
            "contact",
            {"channel": "call", "external_id": "c-1"},
            {"channel": "call", "external_id": "c-1", "text": "call me tomorrow"},
            {"text": "call me tomorrow"},
        ),
    ],
)
def test_a_repeat_adds_what_is_new_in_it_and_says_so(book, fact, first, again, added):
    before = recorded(book, fact, first)
    found = recorded(book, fact, again)
    assert (before.already, found.already, dict(found.added)) == (False, True, added)
    table = {"opt_out": opt_outs, "wish": wishes, "consent": consents, "notice": notices, "contact": contacts}
    [row] = rows_of(book, table.get(fact, holds))
    kept = {
        **getattr(row, "details", {}),
        "since": str(getattr(row, "starts_on", "")),
        "words": getattr(row, "raw", ""),
    }
    assert added.items() <= kept.items()
    entry, personal = last_entry(book)
    assert (entry["event"] == "fact_amended") == bool(added)
    for name, value in added.items():
        assert value in (entry["details"].get(name), personal.get(name))


def recorded(book, fact, given):
    return record_fact(
        book,
        fact,
        "acme/07",
        SAID,
        {name: [text] for name, text in given.items()},
        read=read,
    )


def test_what_a_repeat_adds_is_heard_and_its_words_stay_erasable(book):
    call = {"channel": "call", "external_id": "c-1", "outcome": "conversation"}
    recorded(book, "contact", call)
    recorded(book, "contact", call | {"text": "stop calling me"})
    assert [stop.medium for stop in rows_of(book, opt_outs)] == ["call"]
    recorded(book, "hold", {"kind": "attorney"})
    recorded(book, "hold", {"kind": "attorney", "name": "Alder & Finch"})
    entry, personal = last_entry(book)
    assert personal["name"] == "Alder & Finch"
    assert "Alder" not in str(entry)


def test_another_systems_id_is_one_contact_of_one_debtor(book):
    recorded(book, "contact", {"channel": "call", "external_id": "c-1"})
    with pytest.raises(RecordError, match="for another debtor"):
        record_contact(book, "acme/08", "call", SAID, read=read, external_id="c-1")


def test_a_payment_above_what_is_owed_is_asked_about(book):
    with pytest.raises(RecordError, match=r"1205\.00 USD is more than the 120\.50 USD that are owed on D1"):
        record_payment(book, "acme/07", "1205", SAID, debt="D1")
    assert rows_of(book, payments) == []
    assert record_payment(book, "acme/07", "1205", SAID, debt="D1", sure=True).details["amount"] == "1205.00"


def test_a_payment_of_a_day_that_has_come_nowhere_yet_is_asked_about(book):
    far = NOW.date() + timedelta(days=30)
    with pytest.raises(RecordError, match="has not come yet"):
        record_payment(book, "acme/07", "20.50", SAID, debt="D1", paid_on=far)
    assert rows_of(book, payments) == []
    record_payment(book, "acme/07", "20.50", SAID, debt="D1", paid_on=far, sure=True)


def test_a_payment_that_the_ledger_holds_by_its_day_may_be_more_than_is_left(book):
    record_payment(book, "acme/07", "999", SAID, debt="D1", paid_on=date(2026, 11, 1))
