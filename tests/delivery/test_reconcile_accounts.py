"""Our record is held against a provider's account: what it teaches, what it is told, what a person must look at."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import insert, select, update

from channels.account import Gap, Passed, Question, Strange, Told, Wish
from channels.event import DeliveryEvent, EventKind, InboundMessage
from channels.kind import ChannelKind
from channels.outcome import Unknown
from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import provider_wishes, tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import opt_outs
from dispatcher.database.tables.portfolio import contact_points
from dispatcher.delivery.deliver_messages import deliver_messages
from dispatcher.delivery.reconcile_accounts import AccountReport, Reconciling, reconcile_account
from dispatcher.delivery.reconcile_messages import reconcile_messages
from dispatcher.delivery.record_delivery_events import record_delivery_events
from dispatcher.people.domain.optout_words import classify_reply
from dispatcher.rulebook.optout_words import load_optout_words
from tests.delivery.builders import NOW, a_channel_delivery, events, hand_out, message, queued
from tests.doubles.fake_channel import FakeChannel
from tests.shared import ROOT

EVENING = NOW + timedelta(hours=6)
WORDS = load_optout_words(ROOT / "config" / "content" / "optout_words.yaml")


class FakeAccount:
    """Says what it was given, and keeps what it was asked and told."""

    provider = "fake"
    reach = timedelta(days=3)

    def __init__(self, kind: ChannelKind = ChannelKind.EMAIL, **told: list) -> None:
        self.kind = kind
        self.listed = Told(events=told.pop("listed", []))
        self.told = Told(**told)
        self.asked: list[Question] = []
        self.wishes: list[Wish] = []
        self.refuses: set[int] = set()

    def lists(self) -> Told:
        return self.listed

    def history(self, question: Question) -> Told:
        self.asked.append(question)
        return self.told

    def pass_on(self, wishes: Sequence[Wish]) -> Passed:
        self.wishes += wishes
        return Passed(taken={wish.id for wish in wishes} - self.refuses)

    def close(self) -> None:
        """Nothing is open."""


def reconcile(database: Database, account: FakeAccount, **more) -> AccountReport:
    desk = Reconciling(
        database=database,
        strategies=(),
        read=lambda text: classify_reply(text, WORDS),
        random_bytes=partial(bytes.__mul__, b"\7"),
        clock=lambda: EVENING,
        **more,
    )
    return reconcile_account(desk, account)


def accepted(database: Database, channel: ChannelKind = ChannelKind.EMAIL, **columns) -> str:
    (key,) = queued(database, channel=channel.value, **columns)
    fake = FakeChannel(channel)
    deliver_messages(a_channel_delivery(database, fake), hand_out(database, [key]), [key])
    assert message(database, key).state == "accepted"
    return key


def known_at(database: Database, address: str, medium: str = "email") -> int:
    """Somebody who is reached at an address; returns their id."""
    (key,) = queued(database, state="cancelled")
    with database.writing() as connection:
        debtor_id = connection.scalar(select(messages.c.recipient_id).where(messages.c.id == key))
        row = {"debtor_id": debtor_id, "medium": medium, "address": address, "in_ledger": True}
        connection.execute(insert(contact_points), row)
    return int(debtor_id or 0)


def of(database: Database, key: str, kind: EventKind, **fields) -> DeliveryEvent:
    values = {
        "event_id": f"log-{key}-{kind}",
        "at": NOW + timedelta(hours=1),
        "provider_id": f"fake-{key}",
        **fields,
    }
    return DeliveryEvent(provider="fake", kind=kind, **values)


def row(address: str, kind: EventKind, at=NOW + timedelta(hours=1), **fields) -> DeliveryEvent:
    values = {
        "event_id": f"list/{kind}/{address}",
        "raw": {"list": "some", "entry": f"some/{kind}"},
        **fields,
    }
    return DeliveryEvent(provider="fake", kind=kind, at=at, address=address, **values)


def stops(database: Database) -> list[tuple[str, str, str]]:
    query = select(opt_outs.c.address, opt_outs.c.medium, opt_outs.c.source).where(
        opt_outs.c.revoked_at.is_(None)
    )
    with database.reading() as connection:
        return sorted(tuple(each) for each in connection.execute(query))


def closed(database: Database) -> set[str]:
    query = select(contact_points.c.address).where(contact_points.c.closed_at.is_not(None))
    with database.reading() as connection:
        return set(connection.scalars(query))


def a_stop(database: Database, address: str, medium: str = "email", source: str = "phone") -> int:
    with database.writing() as connection:
        values = {"address": address, "medium": medium, "at": NOW, "source": source}
        return int(connection.scalar(insert(opt_outs).values(values).returning(opt_outs.c.id)) or 0)


def test_an_end_that_no_webhook_brought_is_learned_once(database: Database) -> None:
    key = accepted(database)
    account = FakeAccount(events=[of(database, key, EventKind.DELIVERED)])
    assert reconcile(database, account).learned == {"delivered": 1}
    assert message(database, key).state == "delivered"
    assert reconcile(database, account).learned == {}
    assert events(database, key).count("delivered") == 1


def test_what_a_webhook_told_under_another_id_is_not_written_down_again(database: Database) -> None:
    key = accepted(database)
    told = of(database, key, EventKind.DELIVERED, event_id="webhook-1")
    record_delivery_events(database, [told], now=NOW)
    reconcile(database, FakeAccount(events=[of(database, key, EventKind.DELIVERED)]))
    assert events(database, key).count("delivered") == 1


def test_a_message_in_doubt_is_settled_by_the_id_that_travelled_with_it_and_its_task_is_done(
    database: Database,
) -> None:
    class Silent(FakeChannel):
        can_look_up = False

    channel = Silent(ChannelKind.EMAIL, [Unknown(why="no answer")], repeat_is_safe=False)
    (key,) = queued(database)
    deliver_messages(a_channel_delivery(database, channel), hand_out(database, [key]), [key])
    reconcile_messages(database, lambda kind, name: channel, now=NOW)
    account = FakeAccount(
        events=[of(database, key, EventKind.DELIVERED, message_id=key, provider_id="theirs")]
    )
    reconcile(database, account)
    assert account.asked[0].doubtful == {message(database, key).address}
    assert (message(database, key).state, message(database, key).provider_id) == ("delivered", "theirs")
    with database.reading() as connection:
        assert connection.scalar(select(tasks.c.done_by)) == "fake"


def test_the_question_tells_what_may_still_change_from_what_has_ended(database: Database) -> None:
    waiting, ended = accepted(database), accepted(database)
    record_delivery_events(database, [of(database, ended, EventKind.BOUNCED)], now=NOW)
    account = FakeAccount()
    reconcile(database, account)
    assert account.asked[0].open == {f"fake-{waiting}"}
    assert account.asked[0].ended == {f"fake-{ended}"}


def test_a_listed_bounce_is_the_end_of_the_message_it_came_of_and_closes_the_address(
    database: Database,
) -> None:
    key = accepted(database)
    address = message(database, key).address
    bounced = row(address.upper(), EventKind.BOUNCED, permanent=True, code="5.1.1")
    account = FakeAccount(listed=[bounced])
    assert reconcile(database, account).learned == {"bounced": 1}
    assert message(database, key).state == "bounced"
    assert closed(database) == {address}
    assert reconcile(database, account).learned == {}


def test_a_message_sent_to_an_address_that_the_provider_no_longer_serves_was_dropped(
    database: Database,
) -> None:
    key = accepted(database)
    long_ago = row(message(database, key).address, EventKind.UNSUBSCRIBED, at=NOW - timedelta(days=90))
    reconcile(database, FakeAccount(listed=[long_ago]))
    assert message(database, key).state == "failed"
    assert stops(database) == [(message(database, key).address, "email", "fake")]


def test_a_listed_address_of_somebody_we_never_wrote_to_is_closed_or_stopped_for_everybody_there(
    database: Database,
) -> None:
    for _ in range(2):
        known_at(database, "Dead@debtors.example")
        known_at(database, "stop@debtors.example")
    listed = [
        row("dead@debtors.example", EventKind.BOUNCED, permanent=True),
        row("STOP@debtors.example", EventKind.COMPLAINED),
        row("stranger@else.example", EventKind.UNSUBSCRIBED, opted_out=True),
    ]
    account = FakeAccount(listed=listed)
    assert reconcile(database, account).learned == {"bounced": 1, "complained": 1}
    assert closed(database) == {"Dead@debtors.example"}
    assert stops(database) == [("stop@debtors.example", "email", "fake")]
    assert events(database).count("address_closed") == 2
    assert reconcile(database, account).learned == {}
    known_at(database, "stranger@else.example")  # a later ledger knows them
    assert reconcile(database, account).learned == {"unsubscribed": 1}


def test_no_entry_of_the_log_holds_an_address_of_a_list(database: Database) -> None:
    known_at(database, "dead@debtors.example")
    key = accepted(database)
    address = message(database, key).address
    listed = [
        row(where, EventKind.BOUNCED, permanent=True, reason=f"no {where} here")
        for where in ("dead@debtors.example", address)
    ]
    reconcile(database, FakeAccount(listed=listed))
    with database.reading() as connection:
        entries = [str(each) for each in connection.scalars(select(log_entries.c.entry))]
    assert not [text for text in entries if "debtors.example" in text]


def test_a_block_is_an_end_but_closes_nothing(database: Database) -> None:
    key = accepted(database)
    reconcile(database, FakeAccount(listed=[row(message(database, key).address, EventKind.BOUNCED)]))
    assert message(database, key).state == "bounced"
    assert closed(database) == set()


def test_a_stop_that_somebody_ended_here_does_not_come_back_from_the_list(database: Database) -> None:
    known_at(database, "ana@debtors.example")
    account = FakeAccount(listed=[row("ana@debtors.example", EventKind.UNSUBSCRIBED, opted_out=True)])
    reconcile(database, account)
    with database.writing() as connection:
        connection.execute(update(opt_outs).values(revoked_at=NOW, revoked_by="desk"))
    assert reconcile(database, account).learned == {}
    assert stops(database) == []


def test_our_opt_outs_are_told_once_and_taken_back_once_when_the_last_of_them_ends(
    database: Database,
) -> None:
    first, second = a_stop(database, "ana@d.example"), a_stop(database, "ana@d.example", medium="")
    a_stop(database, "+12125550001", medium="sms")
    a_stop(database, "theirs@d.example", source="fake")
    account = FakeAccount()
    assert reconcile(database, account).told == 2
    assert {(wish.id, wish.stops) for wish in account.wishes} == {(first, True), (second, True)}
    assert reconcile(database, account).told == 0

    def end(key: int) -> None:
        with database.writing() as connection:
            connection.execute(update(opt_outs).where(opt_outs.c.id == key).values(revoked_at=NOW))

    end(first)
    assert reconcile(database, account).told == 0  # the other still stands
    end(second)
    assert reconcile(database, account).told == 2
    assert [wish.stops for wish in account.wishes[2:]] == [False, False]
    assert reconcile(database, account).told == 0


def test_a_wish_that_was_not_taken_is_told_again_the_next_time(database: Database) -> None:
    key = a_stop(database, "ana@d.example")
    account = FakeAccount()
    account.refuses = {key}
    assert reconcile(database, account).told == 0
    account.refuses = set()
    assert reconcile(database, account).told == 1
    with database.reading() as connection:
        assert connection.scalar(select(provider_wishes.c.told_at)) == EVENING


def test_our_own_wish_on_their_list_is_nothing_new(database: Database) -> None:
    known_at(database, "ana@d.example")
    a_stop(database, "ana@d.example")
    account = FakeAccount()
    reconcile(database, account)
    account.listed.events.append(row("ana@d.example", EventKind.UNSUBSCRIBED, opted_out=True))
    with database.writing() as connection:
        connection.execute(update(opt_outs).values(revoked_at=NOW))
    assert reconcile(database, account).learned == {}
    assert stops(database) == []


def a_text(text: str, at=NOW, number: str = "+12125550001") -> InboundMessage:
    return InboundMessage(
        provider="fake", event_id=f"in-{text}-{at}", at=at, sender=number, to="+15005550006", text=text
    )


def test_a_stop_that_nobody_brought_is_obeyed_but_confirmed_only_within_its_minutes(
    database: Database,
) -> None:
    known_at(database, "+12125550001", "phone")
    account = FakeAccount(ChannelKind.SMS, inbound=[a_text("STOP")])
    assert reconcile(database, account).learned == {"inbound stop": 1}
    assert [address for address, _, _ in stops(database)] == ["+12125550001"]
    with database.reading() as connection:
        kinds = list(connection.scalars(select(messages.c.kind)))
    assert "optout_confirmation" not in kinds
    assert reconcile(database, account).learned == {}


def test_a_start_after_the_stop_is_heard_after_it_whatever_the_order_of_the_log(database: Database) -> None:
    known_at(database, "+12125550001", "phone")
    texts = [a_text("START", NOW + timedelta(hours=2)), a_text("STOP", NOW)]
    reconcile(database, FakeAccount(ChannelKind.SMS, inbound=texts))
    assert stops(database) == []


def test_a_message_that_the_provider_knows_and_we_do_not_is_put_before_a_person_once(
    database: Database,
) -> None:
    key = accepted(database)
    found = [
        Strange("theirs-1", "x@else.example"),
        Strange(f"fake-{key}", "y@else.example"),
        Strange("trial", "Ana@desk.example"),
    ]
    report = reconcile(database, FakeAccount(strange=found), own=["ana@desk.example"])
    assert (report.strange, report.needs_a_person) == (("theirs-1",), True)
    with database.reading() as connection:
        (task,) = connection.execute(select(tasks)).all()
    assert task.kind == "strange_message"
    assert "theirs-1" in task.text
    again = reconcile(database, FakeAccount(strange=found), own=["ana@desk.example"])
    assert (again.strange, again.needs_a_person) == ((), False)


def test_a_fault_is_told_and_the_same_time_is_asked_about_again(database: Database) -> None:
    account = FakeAccount()
    account.told.gaps.append(Gap("the log", "HTTP 500"))
    desk_days = [EVENING + timedelta(days=days) for days in (0, 8)]
    for at in desk_days:
        report = reconcile_account(
            replace(
                Reconciling(
                    database=database,
                    strategies=(),
                    read=lambda text: classify_reply(text, WORDS),
                    random_bytes=bytes,
                    clock=lambda at=at: at,
                )
            ),
            account,
        )
        assert report.needs_a_person
    account.told.gaps[:] = [Gap("the log", "not bought", is_fault=False)]
    assert not reconcile(database, account).needs_a_person
    # Three days back where nothing is known of earlier times; from the last good time once there was one.
    assert account.asked[1].since == desk_days[1] - timedelta(days=3)


def test_after_nights_without_an_answer_it_asks_from_the_last_good_one(database: Database) -> None:
    account = FakeAccount()
    reconcile(database, account)
    desk = Reconciling(
        database=database,
        strategies=(),
        read=lambda text: classify_reply(text, WORDS),
        random_bytes=bytes,
        clock=lambda: EVENING + timedelta(days=8),
    )
    reconcile_account(desk, account)
    assert account.asked[1].since == EVENING
