"""What our texts promise is listed beside the tests that show it: a sentence that promises and is in no list fails here."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dispatcher.agreements.domain.agreed import Base
from dispatcher.agreements.storage import sent_offers
from dispatcher.agreements.storage.sent_offers import SentOffer
from dispatcher.database.engine import Database
from dispatcher.database.tables.messages import messages
from dispatcher.values.money import Money
from tests.builders import TODAY, a_debt, a_debtor, a_desk, a_ladder, at, mark_sent, plan
from tests.shared import ROOT, yaml_of

PROMISES: list[dict[str, Any]] = yaml_of(Path(__file__).with_name("promises.yaml"))
PROMISING = re.compile(
    r"\b(we will|we'll|we send|we write|we ask|ask for nothing|we remind|no reminders|you will get|no more|will write|"
    r"will be|will pass|nothing|no extra cost|have closed|stands? until|are open until|the agreement ends|no longer write|"
    r"stays with us|we look|are looking|gathering|answers you|noted)\b",
    re.IGNORECASE,
)


def sentences(file: Path) -> Iterator[str]:
    """Whole sentences as a reader sees them, every placeholder an X."""
    text = re.sub(r"\{%.*?%\}", " ", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}", "X", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "", text).replace("*", "").replace("[", "").replace("\\\n", " ")
    for part in re.split(r"(?<=[.!?:])\s+|\n\s*\n|\n---\n|\n(?=\w+: )", text):
        yield " ".join(part.split())


def promised() -> dict[str, str]:
    """Sentence -> the file that makes the promise."""
    return {
        sentence: f"{file.parent.parent.name}/{file.name}"
        for file in sorted((ROOT / "templates").glob("*/en/*.*"))
        for sentence in sentences(file)
        if PROMISING.search(sentence)
    }


def test_every_promise_of_a_shipped_text_is_listed() -> None:
    known = [re.compile(f"(?:{one['says']})[.:]?", re.IGNORECASE) for one in PROMISES]
    unlisted = {
        sentence: file
        for sentence, file in promised().items()
        if not any(pattern.fullmatch(sentence) for pattern in known)
    }
    assert unlisted == {}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: one["says"][:40])
def test_what_is_listed_is_promised_and_shown_by_tests_that_exist(promise: dict[str, Any]) -> None:
    pattern = re.compile(f"(?:{promise['says']})[.:]?", re.IGNORECASE)
    assert any(pattern.fullmatch(sentence) for sentence in promised())
    for name in promise["shown"]:
        file, _, test = name.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


KINDS: dict[str, dict[str, str]] = yaml_of(Path(__file__).with_name("promise_kinds.yaml"))
LANGUAGES = sorted(
    {file.parent.name for file in (ROOT / "templates").glob("*/*/*.*") if file.parent.parent.name[0] != "_"}
)


def kinds_of(file: Path) -> set[str]:
    """The kinds of promises that a text makes."""
    text, language = " ".join(sentences(file)), file.parent.name
    return {kind for kind, says in KINDS.items() if re.search(says[language], text, re.IGNORECASE)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_promises_in_every_language_what_it_promises_in_english(language: str) -> None:
    differ = {}
    for english in sorted((ROOT / "templates").glob("*/en/*.*")):
        other = english.parents[1] / language / english.name
        if not other.exists() and "notice: validation" in (english.parents[1] / "template.yaml").read_text():
            continue  # the law's own form, in the languages that the law has it in
        if kinds_of(other) != kinds_of(english):
            differ[str(other.relative_to(ROOT))] = kinds_of(other) ^ kinds_of(english)
    assert differ == {}


def test_a_kind_of_promise_is_made_and_is_one_of_the_list() -> None:
    listed = " ".join(promised())
    assert [kind for kind, says in KINDS.items() if not re.search(says["en"], listed, re.IGNORECASE)] == []


def test_an_offer_stands_until_the_day_that_it_named_and_no_longer(database: Database) -> None:
    debtor = a_debtor(database)
    debt = a_debt(database, debtor, TODAY - timedelta(days=3))
    plan(database, TODAY, a_desk(a_ladder(3)))
    mark_sent(database, at=at(TODAY))
    with database.writing() as connection:
        message = connection.scalar(select(messages.c.id))
        offer = SentOffer(
            message_id=str(message), debtor_id=debtor, offered_on=TODAY, valid_until=TODAY + timedelta(days=14),
            total=Money(10_000, "USD"), debts=(debt,), plans=(), settlements=(), base=Base(known=frozenset()),
        )  # fmt: skip
        sent_offers.keep(connection, [offer])
        days = range(-1, 17)
        standing = [n for n in days if sent_offers.standing(connection, debtor, TODAY + timedelta(days=n))]
    assert standing == [*range(15)]
