"""What was said elsewhere, and what a debtor's words stop."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.people import contacts
from dispatcher.delivery.work_on_tasks import finish_tasks
from dispatcher.people import record_wish as wishes_of
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.record_contact import record_contact
from dispatcher.people.release_hold import release
from tests.people.people import NOW, SAID, file_of, last_entry, read
from tests.portfolio.books import rows_of


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
