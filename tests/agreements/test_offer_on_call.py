"""What is offered on a call is kept with its terms: taken by its number, within the limits, nothing that is no offer."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from dispatcher.database.engine import Database
from dispatcher.database.tables.agreements import sent_offers
from tests.agreements.story import Desk, agreed, day, events, told
from tests.builders import TODAY, a_debtor
from tests.shared import ROOT

TALK = ("record", "contact", "acme/A1", "call", "--outcome", "conversation", "--source", "dialler")
OFFER = ("record", "offer", "acme/A1", "--debt", "R1")
OWN = ("--payments", "4", "--every", "month", "--first-on", "2026-02-20")
THEN = ("--now", "2026-02-01T16:00:00Z")
APPROVED = ("--approved-by", "Dana Reyes", "--why", "paid on the 3rd of each month")


@pytest.fixture
def spoken(desk: Desk, ledger: Callable[..., None]) -> Desk:
    """A debt of 120.00, and a call on which the debtor was spoken with."""
    ledger("2026-02-01", "120.00")
    desk(*TALK, "--now", "2026-02-01T15:00:00Z")
    return desk


def offers(desk: Desk, on: str) -> dict:
    return json.loads(desk("offers", "acme/A1", "--as-of", on, "--now", f"{on}T12:00:00Z", "--json"))


def test_what_was_offered_on_a_call_is_accepted_by_its_number_as_it_was_said_and_confirmed(
    spoken: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    said = offers(spoken, "2026-02-01")["plans"]
    spoken(*OFFER, *THEN)
    assert json.loads(spoken(*OFFER, *THEN, "--json"))["already"]
    ledger("2026-02-03", "110.00")  # what may be offered now is another plan
    assert offers(spoken, "2026-02-03")["plans"] == said
    reply = ("record", "contact", "acme/A1", "sms", "--inbound", "--text", "2", "--source", "sms")
    spoken(*reply, "--now", "2026-02-03T15:00:00Z")
    [item] = json.loads(spoken("inbox", "list", "--json"))
    assert (item["reading"], item["offer"]) == ("accept", 2)
    spoken("inbox", "confirm", str(item["id"]), "--now", "2026-02-03T16:00:00Z")
    assert [(one["due_on"], one["amount"]) for one in agreed(spoken)["instalments"]] == [
        (one["due_on"], one["amount"]) for one in said[1]["instalments"]
    ]
    day(spoken, "2026-02-03")
    assert told(spoken) == [("2026-02-03", "arrangement-confirmation")]
    assert events(spoken, tmp_path) == ["arrangement_offered", "arrangement_agreed"]
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()[:-1]]
    [offered] = [line for line in lines if line["event"] == "arrangement_offered"]
    assert (offered["channel"], offered["details"]["source"]) == ("call", "call 1")
    assert offered["details"]["plans"] == said


def test_a_plan_of_other_terms_takes_the_next_number_and_no_other_one_changes_its_meaning(
    spoken: Desk,
) -> None:
    before = offers(spoken, "2026-02-01")["plans"]
    spoken(*OFFER, *OWN, *THEN)
    after = offers(spoken, "2026-02-01")["plans"]
    assert after[:-1] == before
    assert (after[-1]["number"], after[-1]["instalments"][0]) == (
        len(before) + 1,
        {"due_on": "2026-02-20", "amount": "30.00"},
    )
    assert (
        offers(spoken, "2026-02-21")["offered_on"] is None
    )  # it has expired on the day of its first payment


def test_outside_the_limits_an_offer_is_made_only_with_a_reason_and_an_approver_and_then_stands(
    spoken: Desk,
) -> None:
    long = (*OFFER, "--payments", "9", "--every", "month", "--first-on", "2026-02-20", *THEN)
    spoken(*long, code=2)
    spoken(*long, *APPROVED[:2], code=2)
    number = json.loads(spoken(*long, *APPROVED, "--json"))["details"]["numbers"]
    take = ("record", "plan", "acme/A1", "--debt", "R1", "--offer", number)
    spoken(*take, "--now", "2026-02-04T15:00:00Z")
    assert len(agreed(spoken)["instalments"]) == 9


def test_an_offer_of_a_kind_that_the_desk_does_not_make_cannot_be_approved(spoken: Desk) -> None:
    spoken(*OFFER, "--amount", "80", *APPROVED, *THEN, code=2)
    assert json.loads(spoken("offers", "acme/A1", "--as-of", "2026-02-01", "--json"))["offered_on"] is None


@pytest.mark.parametrize(
    "forbids", [{"time_barred_on": "2026-01-20"}, {"disputed_on": "2026-01-20"}], ids=["barred", "disputed"]
)
def test_nothing_is_offered_for_a_barred_or_a_disputed_debt_whoever_approves(
    desk: Desk, ledger: Callable[..., None], forbids: dict[str, str]
) -> None:
    ledger("2026-02-01", "120.00", **forbids)
    desk(*TALK, "--now", "2026-02-01T15:00:00Z")
    for words in ((), OWN):
        desk(*OFFER, *words, *APPROVED, *THEN, code=2)
    assert json.loads(desk("offers", "acme/A1", "--as-of", "2026-02-01", "--json"))["offered_on"] is None


def test_an_offer_belongs_to_a_call_of_the_last_day_on_which_the_debtor_was_spoken_with(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-02-01", "120.00")
    missed = ("record", "contact", "acme/A1", "call", "--outcome", "unanswered", "--source", "dialler")
    desk(*missed, "--now", "2026-02-01T15:00:00Z")
    desk(*OFFER, *THEN, code=2)
    desk(*TALK, "--now", "2026-02-01T15:30:00Z")
    desk(*OFFER, "--now", "2026-02-02T16:00:00Z", code=2)
    assert json.loads(desk("offers", "acme/A1", "--as-of", "2026-02-01", "--json"))["offered_on"] is None
    desk(*OFFER, *THEN)
    assert (
        json.loads(desk("offers", "acme/A1", "--as-of", "2026-02-01", "--json"))["offered_on"] == "2026-02-01"
    )


def test_a_call_written_down_by_a_machine_whose_clock_is_seconds_ahead_is_found(
    desk: Desk, ledger: Callable[..., None]
) -> None:
    ledger("2026-02-01", "120.00")
    desk(*TALK, "--now", "2026-02-01T16:00:20Z")
    desk(*OFFER, *THEN)
    assert offers(desk, "2026-02-01")["offered_on"] == "2026-02-01"


@pytest.fixture
def settling(spoken: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The same, where settlements may be offered."""
    config = shutil.copytree(ROOT / "config", tmp_path / "config")
    with (config / "offers" / "consumer.yaml").open("a", encoding="utf-8") as file:
        file.write("settlements: {least_percent: 60, valid_days: 14, not_again_within_days: 30}\n")
    monkeypatch.setenv("DISPATCHER_CONFIG_DIR", str(config))
    return spoken


def test_a_settlement_is_not_offered_again_too_soon_and_when_it_returns_it_has_no_last_day(
    settling: Desk, ledger: Callable[..., None]
) -> None:
    desk, settle = settling, (*OFFER, "--amount", "90")
    desk(*OFFER, "--amount", "60", *THEN, code=2)  # below the least
    desk(*settle, "--by", "2026-02-10", *THEN)
    assert offers(desk, "2026-02-01")["settlements"][0]["valid_until"] == "2026-02-10"
    desk(*TALK, "--now", "2026-02-20T15:00:00Z")
    desk(*settle, "--now", "2026-02-20T16:00:00Z", code=2)
    desk(*TALK, "--now", "2026-03-05T15:00:00Z")
    desk(*settle, "--by", "2026-03-10", "--now", "2026-03-05T16:00:00Z", code=2)
    desk(*settle, "--now", "2026-03-05T16:00:00Z")
    assert offers(desk, "2026-03-05")["settlements"] == [
        {"amount": "90.00", "percent": "75.00", "valid_until": None}
    ]


def test_what_is_offered_twice_on_one_day_has_one_last_day(settling: Desk) -> None:
    settle = (*OFFER, "--amount", "90")
    settling(*settle, "--by", "2026-02-05", *THEN)
    told = json.loads(settling(*settle, *THEN, "--json"))
    assert (told["already"], told["details"]["stands_until"]) == (True, "2026-02-05")
    settling(*settle, "--by", "2026-02-12", *THEN, code=2)
    assert offers(settling, "2026-02-01")["settlements"][0]["valid_until"] == "2026-02-05"


@pytest.mark.parametrize("said", [{}, {"message_id": "m", "contact_id": 1}], ids=["neither", "both"])
def test_the_database_refuses_an_offer_that_nobody_made_or_that_was_made_twice(
    database: Database, said: dict[str, object]
) -> None:
    row = {
        "debtor_id": a_debtor(database), "offered_on": TODAY, "valid_until": TODAY, "currency": "USD",
        "total_minor": 100, "debts": [], "plans": [], "settlements": [], "base": {},
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="ck_sent_offers_said_once"), database.writing() as connection:
        connection.execute(insert(sent_offers).values(**row, **said))


def pay(desk: Desk, amount: str, on: str) -> None:
    desk("record", "payment", "acme/A1", amount, "--debt", "R1", "--on", on, "--now", f"{on}T12:00:00Z")


def test_whoever_pays_a_settlement_that_was_said_owes_nothing_more_and_need_not_agree(
    settling: Desk, ledger: Callable[..., None], tmp_path: Path
) -> None:
    """As its text says: "once it has come in, nothing more is owed"."""
    settling(*OFFER, "--amount", "90", "--by", "2026-02-10", *THEN)
    pay(settling, "50", "2026-02-05")
    assert json.loads(settling("arrangements", "list", "--json")) == []
    pay(settling, "40", "2026-02-10")
    one = agreed(settling)
    assert (one["kind"], one["state"], one["source"], one["total"]) == (
        "settlement", "kept", "paid in time", "90.00",
    )  # fmt: skip
    for on in ("2026-02-11", "2026-03-01"):
        ledger(on, "30.00")
        day(settling, on)
    assert told(settling) == [("2026-02-10", "account-settled")]
    assert events(settling, tmp_path)[-1] == "arrangement_kept"


def test_what_comes_after_a_settlements_last_day_is_a_part_payment(
    settling: Desk, ledger: Callable[..., None]
) -> None:
    settling(*OFFER, "--amount", "90", "--by", "2026-02-10", *THEN)
    ledger("2026-02-12", "120.00")
    pay(settling, "90", "2026-02-13")
    ledger("2026-02-15", "30.00")
    assert json.loads(settling("arrangements", "list", "--json")) == []


def test_a_settlement_said_without_a_last_day_stands_until_it_is_paid(
    settling: Desk, ledger: Callable[..., None]
) -> None:
    settling(*OFFER, "--amount", "90", "--by", "2026-02-10", *THEN)
    settling(*TALK, "--now", "2026-03-05T15:00:00Z")
    settling(*OFFER, "--amount", "90", "--now", "2026-03-05T16:00:00Z")
    ledger("2026-04-20", "30.00")  # only the ledger shows it
    assert (agreed(settling)["state"], agreed(settling)["source"]) == ("kept", "paid in time")


def test_a_plan_agreed_since_a_settlement_was_said_takes_its_place(
    settling: Desk, ledger: Callable[..., None]
) -> None:
    settling(*OFFER, "--amount", "90", "--by", "2026-02-10", *THEN)
    settling("record", "plan", "acme/A1", "--debt", "R1", *OWN, *THEN)
    pay(settling, "90", "2026-02-09")
    kinds = [(one["kind"], one["state"]) for one in json.loads(settling("arrangements", "list", "--json"))]
    assert kinds == [("plan", "active")]


def test_what_was_offered_is_taken_in_the_place_of_a_promise_by_its_number(spoken: Desk) -> None:
    spoken(*OFFER, *THEN)
    spoken("record", "promise", "acme/A1", "--debt", "R1", "--on", "2026-02-10", *THEN)
    spoken("arrangements", "replace", "1", "--offer", "2", "--source", "call 2", *THEN)
    promised, plan = json.loads(spoken("arrangements", "list", "--json"))
    assert (promised["kind"], promised["state"]) == ("promise", "replaced")
    assert (plan["kind"], plan["state"], plan["terms"]["offer"]) == ("plan", "active", 2)


def test_a_number_that_nobody_said_puts_nothing_in_the_place_of_an_arrangement(spoken: Desk) -> None:
    spoken("record", "promise", "acme/A1", "--debt", "R1", "--on", "2026-02-10", *THEN)
    spoken("arrangements", "replace", "1", "--offer", "2", *THEN, code=2)
    assert agreed(spoken)["state"] == "active"


def test_only_what_was_said_is_shown_as_offered(spoken: Desk) -> None:
    spoken(*OFFER, "--offer", "1", *THEN)
    shown = spoken("offers", "acme/A1", "--as-of", "2026-02-02", "--now", "2026-02-02T12:00:00Z")
    assert "plans offered on 2026-02-01, open until" in shown


def test_an_arrangement_is_shown_with_its_source_and_its_approval(spoken: Desk) -> None:
    words = ("--amount", "60", "--by", "2026-02-20", "--source", "call 2", *APPROVED, *THEN)
    spoken("record", "settlement", "acme/A1", "--debt", "R1", *words)
    shown = spoken("arrangements", "show", "1")
    assert "source: call 2\n  approved by Dana Reyes: paid on the 3rd of each month\n" in shown
