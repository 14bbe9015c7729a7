"""The proof before the debtors' page: what proves nothing, how often one may try, and how long it holds."""

from datetime import date, timedelta

import pytest

from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import page_tries
from dispatcher.people.domain.proof import MOST_TRIES, OnFile, is_proof
from dispatcher.people.prove_debtor import IDLE
from tests.web.house import Web
from tests.web.own_account import BORN, RIGHT, events, fields, path_of, proved, rows, without_link

WRONG = (
    {"code": "tulip-4472"},
    {"code": ""},
    {"day": "30"},
    {"day": "30", "code": "x"},
    {"month": "13"},
    {"year": "MCMLXXX"},
    {"day": "", "month": "", "year": "", "code": ""},
    {"code": "D-1"},
    {"code": "10001"},
    {"code": "\ud7ff" * 100},
)


def test_every_wrong_pair_gets_the_same_bytes_whatever_is_wrong_with_it(own: Web) -> None:
    visitor, said = own.visitor(), set()
    closed, unknown = RIGHT, RIGHT  # right and too late; of a person of whom nothing is on file
    tries = [("A-1", wrong) for wrong in (*WRONG, closed)] + [("A-3", unknown)]
    for reference, wrong in tries:  # on past the last try
        answer = visitor.post(path_of(own, reference), data=RIGHT | wrong)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        said.add(without_link(answer))

    assert len(WRONG) > MOST_TRIES
    assert len(said) == 1
    assert "D-1" not in said.pop()
    assert "D-1" not in visitor.get(path_of(own)).text


@pytest.mark.parametrize("code", ["", "abc", "D-1", "d1 ", "A-1", "10001", "+1 212 555 0101"])
def test_a_code_that_is_missing_short_or_stands_in_our_messages_proves_nothing(code: str) -> None:
    shown = ("D-1", "A-1", "10001", "+12125550101")

    assert not is_proof("1980-05-31", code, OnFile(birth_date=BORN, access_code=code, shown=shown))
    assert is_proof(
        "1980-05-31", "Tulip 4471", OnFile(birth_date=BORN, access_code="TULIP-4471", shown=shown)
    )
    assert not is_proof("", "Tulip 4471", OnFile(birth_date=None, access_code="TULIP-4471"))


def test_wrong_answers_are_counted_over_all_links_then_the_page_is_closed_and_the_person_told(
    own: Web,
) -> None:
    links = [path_of(own), path_of(own, medium="sms"), path_of(own, point=False)]
    for number in range(MOST_TRIES):
        own.visitor().post(links[number % 3], data=RIGHT | {"code": "wrong"})

    assert own.visitor().post(links[0], data=RIGHT).status_code == 403
    [counted] = rows(own, page_tries)
    assert counted.closed_at is not None
    told = [row for row in rows(own, messages) if row.template == "own-page-closed"]
    assert {row.channel for row in told} == {"email", "letter"}
    assert [row.kind for row in rows(own, tasks) if row.done_at is None].count("page_closed") == 1
    assert events(own).count("own_page_refused") == MOST_TRIES
    assert events(own).count("own_page_closed") == 1


def test_the_word_of_a_closed_page_goes_out_and_names_no_debt(own: Web) -> None:
    from dispatcher.worker.daily_run import run_today

    for _ in range(MOST_TRIES):
        own.visitor().post(path_of(own), data=RIGHT | {"code": "wrong"})
    run_today(own.house, date(2026, 11, 17), actor="test")

    told = {row.channel: row for row in rows(own, messages) if row.template == "own-page-closed"}
    assert {row.state for row in told.values()} <= {"accepted", "deferred"}, [
        (row.channel, row.state, row.reasons) for row in told.values()
    ]
    bodies = [
        path.read_text(errors="replace") for path in (own.house.home / "outbox").glob(f"{told['email'].id}*")
    ]
    assert bodies
    assert all("wrong answers" in body and "D-1" not in body for body in bodies)


def test_a_person_at_the_desk_opens_it_again_once_they_know_who_calls(own: Web) -> None:
    for _ in range(MOST_TRIES):
        own.visitor().post(path_of(own), data=RIGHT | {"code": "wrong"})
    desk = own.signed_in("operator")
    answer = desk.post(
        "/people/acme/A-1/record",
        {"fact": "own_page", "kind": "open", "source": "call 77, gave two invoices"},
    )
    assert "Recorded" in desk.said(answer)

    assert own.visitor().post(path_of(own), data=RIGHT).status_code == 303
    assert [row.done_at for row in rows(own, tasks) if row.kind == "page_closed"] != [None]
    assert "own_page_reopened" in events(own)


def test_right_answers_forget_the_wrong_ones_before(own: Web) -> None:
    for _ in range(2):
        for _ in range(MOST_TRIES - 1):
            own.visitor().post(path_of(own), data=RIGHT | {"code": "wrong"})
        visitor, path = proved(own)
        assert "D-1" in visitor.get(path).text


def test_a_visit_ends_by_itself_by_a_button_and_with_the_closing_of_the_page(own: Web) -> None:
    clock = own.house.real_now
    visitor, path = proved(own)
    own.house.real_now = lambda: clock() + IDLE + timedelta(seconds=1)
    assert "D-1" not in visitor.get(path).text
    own.house.real_now = clock

    visitor, path = proved(own)
    csrf = fields(visitor.get(path).text, "leave")["csrf"]
    assert "not shown any more" in visitor.post(path, data={"csrf": csrf, "do": "leave"}).text
    assert "D-1" not in visitor.get(path).text

    visitor, path = proved(own)
    for _ in range(MOST_TRIES):
        own.visitor().post(path, data=RIGHT | {"code": "wrong"})
    assert "D-1" not in visitor.get(path).text
