"""What a provider's account is asked and told, page by page, also where it fails."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from urllib3.filepost import encode_multipart_formdata

from channels.account import Question, Wish
from channels.email.sendgrid_account import SendGridAccount
from channels.event import EventKind
from channels.letter.lob_account import LobAccount
from channels.settings import ChannelSettings
from channels.sms.twilio_account import TwilioAccount, accounts_url
from tests.doubles.http_server import Request, listening
from tests.doubles.lob import LobDouble
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.sendgrid_books import Mail
from tests.doubles.twilio import TwilioDouble
from tests.doubles.webhooks import Kept

NOW = datetime(2026, 11, 16, 21, 30, tzinfo=UTC)
STAMP = int(NOW.timestamp())
NUMBER, SERVICE = "+15005550006", "MG" + "1" * 32


@pytest.fixture
def sendgrid() -> Iterator[tuple[SendGridDouble, SendGridAccount, list[float]]]:
    double, rests = SendGridDouble(Kept(), "seed"), []
    with listening(double) as url:
        settings = ChannelSettings(provider="sendgrid", base_url=url, api_key="SG.key", timeout=5)
        account = SendGridAccount(settings, rest=rests.append)
        yield double, account, rests
        account.close()


@pytest.fixture
def twilio() -> Iterator[tuple[TwilioDouble, TwilioAccount, list[float]]]:
    double, rests = TwilioDouble(Kept(), "token"), []
    with listening(double) as url:
        settings = ChannelSettings(
            provider="twilio",
            base_url=url,
            account_sid="AC" + "0" * 32,
            auth_token="token",
            sender=NUMBER,
            timeout=5,
        )
        account = TwilioAccount(settings, rest=rests.append)
        yield double, account, rests
        account.close()


def question(**more) -> Question:
    return Question(since=NOW - timedelta(days=3), until=NOW, **more)


def test_every_page_of_every_list_is_read(sendgrid):
    double, account, _ = sendgrid
    for name, rows in double.books.lists.items():
        rows += [{"created": STAMP - i, "email": f"{name}{i}@debtors.example"} for i in range(1_203)]
    told = account.lists()
    assert told.gaps == []
    assert len({event.event_id for event in told.events}) == 5 * 1_203
    assert {event.address for event in told.events} == {
        row["email"] for rows in double.books.lists.values() for row in rows
    }


def test_a_row_of_a_list_means_what_the_webhook_would_have_said(sendgrid):
    double, account, _ = sendgrid
    lists = double.books.lists
    lists["bounces"].append({"created": 1, "email": "a@d.example", "status": "5.1.1", "reason": "unknown"})
    lists["blocks"].append({"created": 2, "email": "b@d.example", "status": "4.0.0", "reason": "busy"})
    lists["invalid_emails"] += [
        {"created": 3, "email": "c@d.example", "reason": "Mail domain mentioned in email address is unknown"},
        {"created": 4, "email": "good@d.example", "reason": "Invalid"},
    ]
    lists["spam_reports"].append({"created": 5, "email": "e@d.example", "ip": "10.0.0.1"})
    lists["unsubscribes"].append({"created": 6, "email": "f@d.example"})
    double.books.groups.append(
        {"created_at": 7, "email": "g@d.example", "group_id": 1, "group_name": "Letters"}
    )
    found = {(e.address[0], e.kind, e.permanent, e.opted_out) for e in account.lists().events}
    assert found == {
        ("a", EventKind.BOUNCED, True, False),
        ("b", EventKind.BOUNCED, False, False),
        ("c", EventKind.REJECTED, True, False),
        ("g", EventKind.REJECTED, False, False),  # "good": a name with a comma, not a bad address
        ("e", EventKind.COMPLAINED, False, False),
        ("f", EventKind.UNSUBSCRIBED, False, True),
        ("g", EventKind.UNSUBSCRIBED, False, True),
    }


def mails(double: SendGridDouble, count: int, seconds: int = 1) -> None:
    for i in range(count):
        at = STAMP - i * seconds
        double.books.mails.append(
            Mail(f"id{i}.filter1", f"p{i}@d.example", "s", {}, [("processed", at, {}), ("delivered", at, {})])
        )


def test_a_window_with_more_mails_than_an_answer_holds_is_halved_until_each_is_told_once(sendgrid):
    double, account, _ = sendgrid
    mails(double, 2_600, seconds=60)
    told = account.history(question(open=frozenset(f"id{i}" for i in range(2_600))))
    assert told.gaps == []
    assert sorted(event.provider_id for event in told.events) == sorted(f"id{i}" for i in range(2_600))
    assert {event.kind for event in told.events} == {EventKind.DELIVERED}


def test_more_mails_in_one_second_than_an_answer_holds_are_a_gap_and_not_passed_over_in_silence(sendgrid):
    double, account, _ = sendgrid
    mails(double, 1_001, seconds=0)
    told = account.history(question(open=frozenset(f"id{i}" for i in range(1_001))))
    assert [gap.why for gap in told.gaps] == ["more than 1000 messages in one second"]
    assert told.gaps[0].is_fault


def test_a_mail_whose_answer_was_lost_names_itself_in_its_details(sendgrid):
    double, account, _ = sendgrid
    double.books.send("lost.filter1", "Zoe@d.example", "s", {"message_id": "m-7"}, STAMP)
    double.books.send("other.filter1", "stranger@d.example", "s", {}, STAMP)
    told = account.history(question(doubtful=frozenset({"zoe@d.example"})))
    assert {(e.message_id, e.provider_id, e.kind) for e in told.events} == {
        ("m-7", "lost", EventKind.QUEUED),
        ("m-7", "lost", EventKind.DELIVERED),
    }
    assert [(one.provider_id, one.address) for one in told.strange] == [("other", "stranger@d.example")]


@pytest.mark.parametrize(
    ("to", "kind", "permanent"),
    [("bounce@d.example", EventKind.BOUNCED, True), ("block@d.example", EventKind.BOUNCED, False)],
)
def test_a_failure_is_told_with_its_reason(sendgrid, to, kind, permanent):
    double, account, _ = sendgrid
    double.books.send("one.filter1", to, "s", {}, STAMP)
    told = account.history(question(open=frozenset({"one"})))
    (failure,) = [event for event in told.events if event.kind is kind]
    assert (failure.permanent, bool(failure.reason)) == (permanent, True)


def test_an_account_without_email_activity_is_no_fault(sendgrid):
    double, account, _ = sendgrid
    double.books.has_activity = False
    (gap,) = account.history(question()).gaps
    assert not gap.is_fault


def test_asked_too_often_it_waits_as_long_as_it_is_told_and_asks_again(sendgrid):
    double, account, rests = sendgrid
    double.asked.script.extend(["429:7", "429:9", "ok"])
    assert account.history(question()).gaps == []
    assert rests == [7.0, 9.0]


@pytest.mark.parametrize("fault", ["429:86400", "401", "garbage", "portal"])
def test_what_could_not_be_asked_is_a_gap_and_the_other_lists_are_read(sendgrid, fault):
    double, account, rests = sendgrid
    double.books.lists["unsubscribes"].append({"created": 6, "email": "f@d.example"})
    double.asked.script.append(fault)
    told = account.lists()
    assert [gap.what for gap in told.gaps] == ["the list of bounces"]
    assert told.gaps[0].is_fault
    assert [event.address for event in told.events] == ["f@d.example"]
    assert rests == []


@pytest.mark.parametrize("fault", ["reset", "lost", "503"])
def test_a_passing_failure_costs_a_rest_and_no_row(sendgrid, fault):
    double, account, rests = sendgrid
    double.books.lists["bounces"].append({"created": 6, "email": "f@d.example"})
    double.asked.script.append(fault)
    told = account.lists()
    assert (told.gaps, [event.address for event in told.events]) == ([], ["f@d.example"])
    assert len(rests) == 1


def wish(number: int, address: str, *, stops: bool = True) -> Wish:
    return Wish(id=number, address=address, stops=stops, at=NOW)


def test_sendgrid_is_told_stops_and_their_ends_and_one_bad_address_keeps_no_other_back(sendgrid):
    double, account, _ = sendgrid
    double.books.lists["unsubscribes"].append({"created": 6, "email": "back+x@d.example"})
    wishes = [wish(i, f"p{i}@d.example") for i in range(9)]
    passed = account.pass_on([*wishes, wish(9, "no address"), wish(10, "back+x@d.example", stops=False)])
    assert passed.taken == {*range(9), 10}
    assert len(passed.gaps) == 1
    assert {row["email"] for row in double.books.lists["unsubscribes"]} == {one.address for one in wishes}


def sms(double: TwilioDouble, to: str) -> str:
    body = f"To=%2B{to[1:]}&Body=Hello&From=%2B{NUMBER[1:]}".encode()
    headers = {"authorization": "Basic x"}
    double.handle(Request("POST", "/2010-04-01/Accounts/AC0/Messages.json", headers, body))
    return str(double.received[-1]["provider_id"])


def test_twilios_log_is_read_to_its_last_page_with_ends_and_inbound_messages(twilio):
    double, account, _ = twilio
    double.now = lambda: STAMP
    ids = [sms(double, f"+1212555{i:04}") for i in range(2_050)]
    double.fates["+12125559999"] = ("undelivered", 30005)
    ids.append(sms(double, "+12125559999"))
    double.inbound("http://x", "+12125550001", NUMBER, "STOP")
    double.inbound("http://x", "+12125550002", "+15005550099", "for another department")
    told = account.history(question(open=frozenset(ids)))
    assert told.gaps == []
    assert len(double.asked_pages) == 3
    assert {event.provider_id for event in told.events} == set(ids)
    (dead,) = [event for event in told.events if event.kind is EventKind.BOUNCED]
    assert (dead.permanent, dead.code) == (True, "30005")
    assert [(one.sender, one.text) for one in told.inbound] == [("+12125550001", "STOP")]


def test_an_event_of_the_log_has_the_id_of_the_webhook_that_was_lost(twilio):
    double, account, _ = twilio
    double.now = lambda: STAMP
    sid = sms(double, "+12125550001")
    (event,) = account.history(question(open=frozenset({sid}))).events
    assert event.event_id == f"{sid}:delivered"


def test_a_message_that_the_dates_of_the_log_do_not_reach_is_asked_for_by_its_id(twilio):
    double, account, _ = twilio
    double.now = lambda: STAMP - 20 * 86_400
    sid = sms(double, "+12125550001")
    told = account.history(question(open=frozenset({sid, "SM" + "f" * 32})))
    assert [event.provider_id for event in told.events] == [sid]
    assert told.gaps == []  # the other is not theirs


def test_what_twilio_sent_and_nobody_asked_about_is_strange_unless_it_may_be_a_lost_answer(twilio):
    double, account, _ = twilio
    double.now = lambda: STAMP
    foreign, _ = sms(double, "+12125550001"), sms(double, "+12125550002")
    told = account.history(question(doubtful=frozenset({"+12125550002"})))
    assert [one.provider_id for one in told.strange] == [foreign]


def test_a_refusal_of_who_opted_out_at_twilio_is_an_opt_out_and_no_dead_number(twilio):
    double, account, _ = twilio
    double.now = lambda: STAMP
    double.fates["+12125550001"] = ("failed", 21610)
    sid = sms(double, "+12125550001")
    (event,) = account.history(question(open=frozenset({sid}))).events
    assert (event.kind, event.opted_out, event.permanent) == (EventKind.REJECTED, True, False)


def test_consents_go_in_parts_as_large_as_twilio_takes_and_a_refused_one_is_named(twilio):
    double, account, _ = twilio
    wishes = [wish(i, f"+1212555{i:04}", stops=i % 2 == 0) for i in range(60)]
    passed = account.pass_on([*wishes, wish(60, "+0")])
    assert passed.taken == set(range(60))
    assert [str(gap) for gap in passed.gaps] == ["1 consents: refused with 30646"]
    assert double.consents == {one.address: "opt-out" if one.stops else "opt-in" for one in wishes}


def test_an_account_without_consents_is_no_fault(twilio):
    double, account, _ = twilio
    double.asked.script.append("403")
    passed = account.pass_on([wish(1, "+12125550001")])
    assert (passed.taken, [gap.is_fault for gap in passed.gaps]) == (set(), [False])


@pytest.fixture
def lob() -> Iterator[tuple[LobDouble, LobAccount]]:
    double = LobDouble(Kept(), "secret")
    double.now = lambda: STAMP
    with listening(double) as url:
        account = LobAccount(ChannelSettings(provider="lob", base_url=url, api_key="key", timeout=5))
        yield double, account
        account.close()


def letter(double: LobDouble, number: int, line: str = "1 Main St", ours: str = "m") -> str:
    fields = {"to[address_line1]": line, "metadata[message_id]": f"{ours}{number}" if ours else ""}
    body, kind = encode_multipart_formdata(fields)
    headers = {"authorization": "Basic x", "content-type": kind, "idempotency-key": f"{ours}{number}"}
    double.handle(Request("POST", "/v1/letters", headers, body))
    return double.made[-1]


def test_lobs_letters_are_read_to_the_last_page_with_what_the_post_scanned(lob):
    double, account = lob
    double.fates["2 Gone Rd"] = "Returned to Sender"
    ids = [letter(double, i) for i in range(205)]
    ids.append(letter(double, 205, "2 Gone Rd"))
    foreign = letter(double, 206, ours="")
    told = account.history(question(open=frozenset(ids)))
    assert told.gaps == []
    kinds = Counter(event.kind for event in told.events)
    assert kinds == {EventKind.MAILED: 206, EventKind.DELIVERED: 205, EventKind.RETURNED: 1}
    (returned,) = [event for event in told.events if event.kind is EventKind.RETURNED]
    assert (returned.message_id, returned.permanent) == ("m205", True)
    assert [one.provider_id for one in told.strange] == [foreign]


def test_a_list_of_letters_that_breaks_off_is_a_gap(lob):
    double, account = lob
    for i in range(150):
        letter(double, i)
    double.asked.script.extend(["ok", "401"])
    told = account.history(question())
    assert [gap.what for gap in told.gaps] == ["the list of letters"]


@pytest.mark.parametrize(
    ("base_url", "where"),
    [
        ("", "https://accounts.twilio.com"),
        ("https://api.dublin.ie1.twilio.com/", "https://accounts.dublin.ie1.twilio.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_consents_are_told_beside_the_api_and_a_double_stays_a_double(base_url, where):
    assert accounts_url(base_url) == where
