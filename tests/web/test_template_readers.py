"""What a reviewer decides by: people of the portfolio, before and after, word by word."""

import csv
import io
import re

from tests.web.house import Desk, Web
from tests.web.test_templates import NAME, opened, saved, with_line

READERS = f"/templates/{NAME}/versions/2/readers"
LINE = "We are glad to help with any question."


def a_changed_draft(web: Web) -> None:
    assert saved(web.signed_in("manager"), with_line(opened(web.signed_in("manager")), LINE)) == 2


def words(page: str, tag: str) -> set[str]:
    return {" ".join(text.split()) for text in re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)}


def test_the_page_shows_people_whose_message_changes_word_by_word_beside_the_version_in_force(
    web: Web,
) -> None:
    a_changed_draft(web)
    page = web.signed_in("everybody").page(READERS)
    assert "the one in force" in page
    assert any(LINE in added for added in words(page, "ins"))
    assert 'href="/people/acme/' in page


def test_who_may_not_read_people_sees_the_change_and_no_person(web: Web) -> None:
    a_changed_draft(web)
    page = web.signed_in("approver").page(READERS)
    assert any(LINE in added for added in words(page, "ins"))
    assert "Somebody Else" in page
    assert "/people/" not in page
    assert web.signed_in("approver").get(f"{READERS}?format=csv").status_code == 403


def exported_rows(desk: Desk) -> list[dict[str, str]]:
    answer = desk.get(f"{READERS}?format=csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


def test_the_export_names_everybody_who_would_read_something_else_and_nobody_else(web: Web) -> None:
    a_changed_draft(web)
    rows = exported_rows(web.signed_in("everybody"))
    assert rows
    assert {row["channel"] for row in rows} == {"email"}
    assert {row["language"] for row in rows} == {"en"}
    assert all(LINE in row["comes"] and not row["goes"] for row in rows)


def test_one_reader_is_shown_with_the_email_before_and_after_in_frames(web: Web) -> None:
    a_changed_draft(web)
    desk = web.signed_in("everybody")
    page = desk.page(f"{READERS}/1")
    frames = re.findall(r'<iframe[^>]* src="([^"]+)"', page)
    before, after = (desk.get(frame).text for frame in frames)
    assert LINE not in before
    assert LINE in after
    assert desk.get(f"{READERS}/99").status_code == 404


def test_a_version_that_changes_nothing_has_no_readers(web: Web) -> None:
    desk = web.signed_in("manager")
    assert saved(desk, opened(desk)) == 2
    assert "Nobody who owes something today would read anything else." in desk.page(READERS)
