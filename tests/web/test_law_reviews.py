"""Counsel reviews packs and places on the pages: bound to the text, taken back at once, and asked by the gate."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from channels.kind import ChannelKind
from dispatcher import resources
from dispatcher.gate.coverage import OPEN
from tests.command import dispatcher as command
from tests.web.house import ALL, Web

PACK = "US-REGF"


@pytest.fixture
def pages(open_web: Callable[..., Web]) -> Web:
    """The site where counsel reviews on the pages."""
    return open_web(rules={"reviews": "pages"})


def unread(web: Web) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(packs, places) that a real e-mail to somebody in New York would wait for."""
    policy = replace(web.house.policy, real_channels=frozenset({ChannelKind.EMAIL}))
    packs = tuple(pack for pack in policy.rulebook if pack.name == PACK)
    return policy.unreviewed(packs), tuple(place for place in ("US-NY",) if not policy.is_confirmed(place))


def review(web: Web, name: str = PACK, digest: str | None = None) -> str:
    desk = web.signed_in("counsel")
    wanted = web.house.policy.rulebook.pack(name).digest if digest is None else digest
    return desk.said(desk.post(f"/rules/{name.lower()}", {"digest": wanted, "note": "read with 12 CFR 1006"}))


def test_a_review_holds_for_the_text_that_was_read_until_it_is_taken_back(pages: Web) -> None:
    assert unread(pages) == ((PACK,), ("US-NY",))

    assert "written down" in review(pages)

    assert unread(pages)[0] == ()
    assert "Reviewed by counsel" in " ".join(
        pages.signed_in("auditor").page(f"/rules/{PACK.lower()}").split()
    )
    assert "user:counsel" in pages.signed_in("auditor").page("/log?event=law_reviewed")
    desk = pages.signed_in("counsel")
    assert "say why" in desk.said(desk.post(f"/rules/{PACK.lower()}", {"do": "end"})).lower()
    desk.post(f"/rules/{PACK.lower()}", {"do": "end", "why": "the text of 1006.6 was amended"})
    assert unread(pages)[0] == (PACK,)


def test_a_pack_that_has_changed_must_be_read_again(open_web: Callable[..., Web], tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(resources.config_path(None, "rules").parent, config)
    first = open_web(rules={"reviews": "pages"}, config_dir=config)
    review(first)
    assert unread(first)[0] == ()

    file = config / "rules" / "us-regf.yaml"
    file.write_text(file.read_text().replace("08:00-21:00", "09:00-20:00", 1))
    del first.house.__dict__["policy"]  # as the next start reads it

    assert unread(first)[0] == (PACK,)
    page = " ".join(first.signed_in("counsel").page("/rules/us-regf").split())
    assert "has changed since counsel reviewed it" in page
    assert "I have reviewed this pack" in page


def test_what_was_changed_while_it_was_read_is_not_reviewed(pages: Web) -> None:
    assert "read it again" in review(pages, digest="0" * 64)
    assert unread(pages)[0] == (PACK,)
    assert "written down" in review(pages)
    assert "already" in review(pages)


def test_a_place_is_confirmed_by_counsel_and_one_that_nobody_has_read_cannot_be(pages: Web) -> None:
    desk = pages.signed_in("counsel")
    rows = {row["place"]: row for row in desk.get("/rules/places?format=json").json()}
    assert rows["US-NY"]["state"] == "unconfirmed"

    desk.post("/rules/places", {"place": "US-NY", "digest": rows["US-NY"]["digest"]})

    assert unread(pages)[1] == ()
    still_open = next(place for place, row in rows.items() if row["answer"] == OPEN)
    assert "no answer to confirm" in desk.said(
        desk.post("/rules/places", {"place": still_open, "digest": rows[still_open]["digest"]})
    )


def test_nobody_but_counsel_reviews_and_files_are_not_overruled_from_a_page(web: Web, pages: Web) -> None:
    digest = web.house.policy.rulebook.pack(PACK).digest
    for role in ("admin", "operator", "approver", "auditor", "manager"):
        assert pages.signed_in(role).post(f"/rules/{PACK.lower()}", {"digest": digest}).status_code == 403

    assert "kept in the files" in review(web)
    assert unread(web)[0] == (PACK,)
    assert "I have reviewed" not in web.signed_in(ALL).page(f"/rules/{PACK.lower()}?on={date(2026, 11, 16)}")


def test_the_command_line_hands_out_every_review_with_its_text(pages: Web) -> None:
    review(pages)
    pages.signed_in("counsel").post(f"/rules/{PACK.lower()}", {"do": "end", "why": "amended"})
    digest = pages.house.policy.rulebook.pack(PACK).digest
    pages.house.close()

    (row,) = json.loads(command("rules", "reviews", "--json", home=pages.house.home).stdout)

    assert (row["kind"], row["name"], row["digest"], row["by"]) == ("pack", PACK, digest, "user:counsel")
    assert (row["reads_so_now"], row["taken_back_by"], row["why"]) == (True, "user:counsel", "amended")
