"""What was read is answered once, by the way they wrote, from a reviewed text; the gate may refuse it twice."""

from collections.abc import Callable
from datetime import date
from email import message_from_bytes, policy
from functools import partial

import pytest
from sqlalchemy import select, update

from channels.email.incoming import Incoming, IncomingKind
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import messages
from dispatcher.delivery.record_mail import record_mail
from dispatcher.inbox.answer_inbox import Answer, Inbox, InboxError, confirm
from dispatcher.inbox.domain.reading import Reading
from dispatcher.inbox.reply import Replying, reply, template_for
from dispatcher.people.recording import Said
from dispatcher.resources import templates_dir
from dispatcher.rulebook.own_page_words import load_own_page_words
from dispatcher.wire.provide_documents import Provided, provide_document, withdraw_document
from dispatcher.worker.daily_run import run_today
from tests.shared import ROOT
from tests.web.house import Web


@pytest.fixture
def desk(web: Web) -> Replying:
    house = web.house
    return Replying(
        database=house.database,
        policy=house.policy,
        propose=house.propose_reading,
        actor="user:operator",
        now=house.now(),
        random_bytes=house.random_bytes,
    )


@pytest.fixture
def heard(web: Web) -> Callable[..., int]:
    """Words of Ana by e-mail, read and confirmed; returns the number of the item."""

    def hear(text: str, reading: str) -> int:
        house = web.house
        mail = Incoming(
            kind=IncomingKind.WORDS,
            event_id=text,
            at=house.now(),
            sender="ana@debtors.example",
            to="hello@acme.example",
            text=text,
        )
        chance = partial(bytes.__mul__, b"\7")
        record_mail(house.database, mail, read=house.read_reply, now=house.now(), random_bytes=chance)
        with house.database.reading() as connection:
            key = connection.scalar(select(tasks.c.id).order_by(tasks.c.id.desc()).limit(1))
        inbox = Inbox(
            database=house.database,
            propose=house.propose_reading,
            record=house.record,
            actor="user:operator",
            now=house.now(),
        )
        confirm(inbox, key, Answer(reading=reading))
        return key

    return hear


def answers(web: Web) -> list[tuple[str, str, str, str]]:
    with web.house.database.reading() as connection:
        query = select(messages.c.template, messages.c.channel, messages.c.address, messages.c.state)
        return [tuple(row) for row in connection.execute(query.where(messages.c.kind == "reply_to_consumer"))]


@pytest.mark.parametrize("reading", ["paid", "dispute", "callback"])
def test_an_answer_goes_out_once_by_the_way_they_wrote(
    web: Web,
    desk: Replying,
    heard: Callable[..., int],
    reading: str,
) -> None:
    key = heard("I have something to say about it", reading)

    reply(desk, key)
    with pytest.raises(InboxError, match="answered already"):
        reply(desk, key)
    run_today(web.house, date(2026, 11, 17), actor="test")

    with web.house.database.reading() as connection:
        held = connection.scalars(
            select(messages.c.reasons).where(messages.c.kind == "reply_to_consumer")
        ).all()
    assert answers(web) == [(f"reply-{reading}", "email", "ana@debtors.example", "accepted")], held


def test_whoever_asks_for_proof_gets_the_papers_that_stand_and_what_is_kept_is_what_was_sent(
    web: Web, desk: Replying, heard: Callable[..., int]
) -> None:
    house, now = web.house, web.house.now()
    title = "Court judgment 4711 <of> 99.00 USD"  # names what no message of ours may say by itself
    for number, name in enumerate((title, "Withdrawn contract")):
        paper = Provided(kind="other", title=name, url=f"https://papers.example/{number}?a=1&b=2")
        provide_document(house.database, "acme", "D-1", paper, by="test", at=now)
    withdraw_document(house.database, 2, why="the wrong one", by="test", at=now)

    message = reply(desk, heard("Please send me proof of it", "proof"))
    run_today(house, date(2026, 11, 17), actor="test")

    sent = (house.home / "outbox" / f"{message}.eml").read_bytes()
    assert sent == web.signed_in("auditor").get(f"/messages/{message}/bytes").content
    mail = message_from_bytes(sent, policy=policy.default)
    html, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    assert 'href="https://papers.example/0?a=1&amp;b=2"' in html
    assert "Court judgment 4711 &lt;of&gt; 99.00 USD" in html
    assert title in text
    assert "https://papers.example/0?a=1&b=2" in text
    assert "Withdrawn" not in html + text
    assert "We are gathering them" not in html + text


def test_whoever_disputed_is_told_once_that_it_could_not_be_verified(
    web: Web, desk: Replying, heard: Callable[..., int]
) -> None:
    key, other = heard("That is not right", "dispute"), heard("Please call me", "callback")
    reply(desk, key)
    operator = web.signed_in("operator")

    assert "reply-unverified" in operator.page(f"/inbox/{key}")
    assert "reply-unverified" not in operator.page(f"/inbox/{other}")
    assert "Answered" in operator.said(operator.post(f"/inbox/{key}", {"do": "unverified"}))
    with pytest.raises(InboxError, match="answered already"):
        reply(desk, key, unverified=True)
    with pytest.raises(InboxError, match="nothing to verify"):
        reply(desk, other, unverified=True)
    run_today(web.house, date(2026, 11, 17), actor="test")

    with web.house.database.reading() as connection:
        asked = select(messages.c.id).where(
            messages.c.kind == "collection", messages.c.as_of == date(2026, 11, 17)
        )
        assert connection.scalars(asked).all() == []
    told = [row for row in answers(web) if row[0] == "reply-unverified"]
    assert told == [("reply-unverified", "email", "ana@debtors.example", "accepted")]


def test_the_gate_refuses_an_answer_to_somebody_whom_a_lawyer_represents(
    web: Web,
    desk: Replying,
    heard: Callable[..., int],
) -> None:
    key = heard("I have something to say about it", "callback")
    said = Said(now=web.house.now(), actor="test", source="letter 4")
    web.house.record("hold", "acme/A-1", said, {"kind": ("attorney",), "name": ("Alder & Finch",)})

    with pytest.raises(InboxError, match="attorney"):
        reply(desk, key)
    assert answers(web) == []


def test_what_nobody_has_read_is_not_answered(web: Web, desk: Replying, heard: Callable[..., int]) -> None:
    key = heard("I have something to say about it", "callback")
    with web.house.database.writing() as connection:
        connection.execute(update(tasks).where(tasks.c.id == key).values(details={}))

    with pytest.raises(InboxError, match="was not read yet"):
        reply(desk, key)


@pytest.mark.parametrize("reading", Reading)
def test_every_reading_has_its_text_in_every_shipped_language_or_is_answered_by_itself(
    reading: Reading,
) -> None:
    if reading in {Reading.STOP, Reading.ACCEPT, Reading.PROMISE, Reading.UNCLEAR}:
        with pytest.raises(InboxError):
            template_for(reading)
        return
    folder = templates_dir(None) / template_for(reading)
    for language in load_own_page_words(ROOT / "config" / "own_page").names:
        for file in ("email.md", "sms.txt", "letter.md"):
            assert (folder / language / file).is_file(), (reading, language, file)


def test_an_operator_answers_on_the_page(web: Web, heard: Callable[..., int]) -> None:
    key = heard("I have something to say about it", "paid")
    operator = web.signed_in("operator")
    assert "reply-paid" in operator.page(f"/inbox/{key}")

    assert "Answered" in operator.said(operator.post(f"/inbox/{key}", {"do": "reply"}))
    assert "Answered by" in operator.page(f"/inbox/{key}")
