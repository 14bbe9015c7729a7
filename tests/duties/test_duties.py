"""What a law wants done within a time becomes a task with its date, is in the summary, and ends with evidence."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.database.engine import Database
from dispatcher.duties.do_duty import DutyError, do_duty, list_duties
from dispatcher.duties.domain.begun import Begun, strictest
from dispatcher.duties.note_duties import late_or_soon, note_duties
from dispatcher.gate.duty import Begins, Duty
from dispatcher.messages.domain.evidence_file import MOST_BYTES, EvidenceError, EvidenceFile
from dispatcher.messages.storage.evidence_files import stored_evidence
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_notice import record_notice
from dispatcher.people.recording import Said
from dispatcher.people.release_hold import release
from dispatcher.planning.policy import Policy
from tests.builders import a_debt, a_debtor, a_desk, a_ladder, at, mark_sent, plan

DAY = date(2026, 11, 16)
LONDON = {"country": "GB", "region": "", "time_zone": "Europe/London"}
PACKS = ("default", "eu-2021-2167", "uk-conc", "es-conduct", "us-nyc-shield", "us-regf")


@pytest.fixture
def desk() -> Policy:
    return a_desk(a_ladder(1), packs=PACKS)


def said(day: date = DAY) -> Said:
    return Said(now=at(day), actor="robin")


def owed(database: Database, desk: Policy, day: date = DAY) -> list[tuple[str, str, str]]:
    """(due, pack, duty) of what is open after a look on a day."""
    note_duties(database, desk, as_of=day, now=at(day))
    return [(one.due, one.pack, one.duty) for one in list_duties(database)]


def test_a_complaint_is_answered_within_the_days_of_its_pack_and_by_the_house_where_no_pack_says(
    database: Database, desk: Policy
) -> None:
    a_debtor(database, reference="GB1", **LONDON)
    a_debtor(database, reference="US1")
    record_hold(database, "acme/GB1", "complaint", said())
    record_hold(database, "acme/US1", "complaint", said())
    assert owed(database, desk) == [
        ("2026-12-16", "default", "complaint-answered"),
        ("2027-01-11", "uk-conc", "complaint-answered"),
    ]


def test_an_access_request_is_answered_in_a_month_and_a_proposal_runs_thirty_days(
    database: Database, desk: Policy
) -> None:
    debtor = a_debtor(database, reference="ES1", country="ES", region="", time_zone="Europe/Madrid")
    a_debt(database, debtor, date(2026, 9, 1), currency="EUR", reference="R-ES")
    record_hold(database, "acme/ES1", "access_request", said())
    record_hold(database, "acme/ES1", "proposal", said(), debts=["R-ES"])
    assert owed(database, desk) == [
        ("2026-12-16", "es-conduct", "access-answered"),
        ("2026-12-16", "es-conduct", "proposal-refused"),
    ]


def test_new_yorks_sixty_days_run_from_the_dispute_and_end_with_the_verification(
    database: Database, desk: Policy
) -> None:
    debtor = a_debtor(database, reference="NY1", city="Brooklyn", postal_code="11201")
    a_debt(database, debtor, date(2026, 9, 1), reference="R-NY")
    record_hold(database, "acme/NY1", "dispute", said(), debts=["R-NY"])
    assert owed(database, desk) == [("2027-01-15", "us-nyc-shield", "dispute-verified")]
    record_notice(database, "acme/NY1", "verification", said(), debts=["R-NY"], sent_on=date(2026, 11, 20))
    assert owed(database, desk, date(2026, 11, 21)) == []
    assert [one.outcome for one in list_duties(database, done=True)] == ["answered on 2026-11-20"]


def test_a_validation_notice_is_owed_five_days_after_the_first_message_until_it_went_out(
    database: Database,
) -> None:
    creditor = a_desk(a_ladder(1), packs=("default", "us-regf"))
    acme = replace(creditor.senders["acme"], role="third_party", creditor_name="Acme Inc.")
    desk = replace(creditor, senders={"acme": acme})
    debtor = a_debtor(database, reference="TX1", region="TX")
    a_debt(database, debtor, DAY - timedelta(days=1), reference="R-TX", sender_role="third_party")
    plan(database, DAY, replace(desk, rulebook=a_desk().rulebook))  # the house rules alone let it go
    mark_sent(database, at=at(DAY))
    assert owed(database, desk) == [("2026-11-21", "us-regf", "validation-notice")]
    sent = said(date(2026, 11, 19))
    record_notice(database, "acme/TX1", "validation", sent, debts=["R-TX"], sent_on=date(2026, 11, 19))
    assert owed(database, desk, date(2026, 11, 19)) == []
    assert [one.outcome for one in list_duties(database, done=True)] == ["the notice went out on 2026-11-19"]


def test_a_creditor_that_collects_for_itself_owes_no_validation_notice(database: Database) -> None:
    desk = a_desk(a_ladder(1), packs=("default", "us-regf"))
    a_debt(database, a_debtor(database, region="TX"), DAY - timedelta(days=1))
    plan(database, DAY, desk)
    mark_sent(database, at=at(DAY))
    assert owed(database, desk) == []


def test_a_released_complaint_closes_its_duty_by_itself(database: Database, desk: Policy) -> None:
    a_debtor(database, reference="GB1", **LONDON)
    record_hold(database, "acme/GB1", "complaint", said())
    assert len(owed(database, desk)) == 1
    release(database, "acme/GB1", "complaint", said(date(2026, 11, 19)))
    assert owed(database, desk, date(2026, 11, 20)) == []


def test_a_duty_is_done_with_words_and_a_file_whose_digest_is_sealed(
    database: Database, desk: Policy
) -> None:
    a_debtor(database, reference="US1")
    record_hold(database, "acme/US1", "complaint", said())
    owed(database, desk)
    [one] = list_duties(database)
    proof = EvidenceFile.of(b"posted, registered", "C:\\scans\\receipt.txt")
    closed = do_duty(database, one.id, outcome="answered", evidence=proof, actor="robin", now=at(DAY))
    with database.reading() as connection:
        kind, _, body = stored_evidence(connection, proof.sha256)
    assert (kind, body) == ("text/plain; charset=utf-8", b"posted, registered")
    assert closed.evidence == f"receipt.txt ({hashlib.sha256(b'posted, registered').hexdigest()})"
    with pytest.raises(DutyError, match="is no open duty"):
        do_duty(database, one.id, outcome="told", evidence=None, actor="robin", now=at(DAY))
    assert owed(database, desk, DAY + timedelta(days=1)) == []  # done once, it is not owed again


def test_a_duty_is_not_closed_without_words(database: Database, desk: Policy) -> None:
    a_debtor(database, reference="US1")
    record_hold(database, "acme/US1", "complaint", said())
    owed(database, desk)
    [one] = list_duties(database)
    with pytest.raises(DutyError, match="say with --outcome"):
        do_duty(database, one.id, outcome=" ", evidence=None, actor="robin", now=at(DAY))
    assert len(list_duties(database)) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7" + b"x" * MOST_BYTES, "has more than 5 MB"),
        (b"MZ\x90\x00\xff", "neither a PDF"),
        (b"text\x00", "neither a PDF"),
    ],
)
def test_evidence_that_is_no_paper_or_too_large_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(EvidenceError, match=words):
        EvidenceFile.of(data, "scan.pdf")


def test_the_summary_names_what_is_due_in_three_days_and_what_is_late(
    database: Database, desk: Policy
) -> None:
    a_debtor(database, reference="US1")
    record_hold(database, "acme/US1", "complaint", said())
    owed(database, desk)
    due = date(2026, 12, 16)
    answers = []
    for day in (due - timedelta(days=4), due - timedelta(days=3), due, due + timedelta(days=1)):
        with database.reading() as connection:
            answers.append(late_or_soon(connection, day))
    soon = ["1 duty is due, the first by 2026-12-16: `dispatcher duties list`"]
    assert answers == [
        [],
        soon,
        soon,
        ["1 duty is late, the first since 2026-12-16: `dispatcher duties list`"],
    ]


def test_business_days_leave_weekends_out_and_months_end_with_the_month() -> None:
    friday = datetime(2026, 11, 13, 12, tzinfo=UTC)
    five = Duty(id="x", says="X.", begins=Begins.DISPUTE, title="A law", days=5, business=True)
    assert five.due(friday).date() == date(2026, 11, 20)
    month = Duty(id="x", says="X.", begins=Begins.DISPUTE, title="A law", months=1)
    assert month.due(datetime(2026, 1, 31, tzinfo=UTC)).date() == date(2026, 2, 28)
    assert month.due(datetime(2026, 12, 31, tzinfo=UTC)).date() == date(2027, 1, 31)


@given(st.lists(st.sampled_from(PACKS), unique=True), st.sampled_from(list(Begins)))
def test_another_pack_never_gives_more_time_than_the_laws_of_the_others_and_asks_no_duty_twice(
    names: list[str], begins: Begins
) -> None:
    book = a_desk(a_ladder(1), packs=PACKS).rulebook
    begun = Begun(begins=begins, at=at(DAY), key="k", what="x")
    packs = [book.pack(name) for name in names]
    all_of_them = {one.duty.id: one for one in strictest(begun, packs)}
    assert len(all_of_them) == len(strictest(begun, packs))
    for pack in packs:
        for alone in strictest(begun, [pack]):
            chosen = all_of_them[alone.duty.id]
            assert chosen.due <= alone.due or alone.duty.verified == "own"
