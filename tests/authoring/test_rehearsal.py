"""A rehearsal reads the whole portfolio by few statements and says for whom a version would read otherwise."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from dispatcher.authoring.rehearse_template import Rehearsal, rehearse_template
from dispatcher.authoring.template_files import read_template
from dispatcher.database.engine import Database
from dispatcher.resources import config_path
from dispatcher.rulebook.offers import load_offers
from dispatcher.writing.language.compile import compile_version
from tests.builders import TODAY, a_debt, a_debtor, a_desk, at
from tests.shared import ROOT
from tests.writing.desk import house_style


def people(database: Database, count: int, **columns: Any) -> None:
    for _ in range(count):
        debtor = a_debtor(database, **columns)
        a_debt(database, debtor, TODAY - timedelta(days=20), balance_minor=30_000)


def rehearsed(database: Database, name: str, **changed: str) -> Rehearsal:
    """The rehearsal of a template whose files are changed: by `en_email` and so on, words and what they become."""
    stored = read_template(ROOT / "templates", name)
    files = dict(stored.files)
    for file, words in changed.items():
        before, after = words.split(" -> ")
        path = f"{file.replace('_', '/')}.md"
        assert before in files[path]
        files[path] = files[path].replace(before, after)
    new, old = (
        compile_version(version, house_style())
        for version in (replace(stored, version=2, files=files), stored)
    )
    desk = a_desk(offers=load_offers(config_path(None, "offers"), ()))
    return rehearse_template(database, desk, new, old, as_of=TODAY, now=at(TODAY))


def test_forty_people_cost_as_many_statements_as_two(database: Database) -> None:
    statements: list[str] = []

    def hear(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(database.reader, "before_cursor_execute", hear)
    people(database, 2)
    assert rehearsed(database, "first-reminder").rendered == 2
    of_two = len(statements)
    people(database, 38)
    statements.clear()
    assert rehearsed(database, "first-reminder").rendered == 40
    event.remove(database.reader, "before_cursor_execute", hear)
    assert len(statements) == of_two


def test_a_template_that_shows_plans_is_rehearsed_with_those_on_offer(database: Database) -> None:
    people(database, 3)
    found = rehearsed(database, "payment-plan-offer")
    assert (found.rendered, found.without_needs, found.troubles) == (3, 0, {})


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({}, 0),
        ({"en_email": "slipped by -> slipped past"}, 2),
        ({"en_email": "**Agree on a plan:** -> Agree on a plan:"}, 2),  # what the HTML alone shows
        ({"es_email": "Quizá -> Tal vez"}, 1),
    ],
)
def test_who_would_read_otherwise_is_counted(
    database: Database, change: dict[str, str], changed: int
) -> None:
    people(database, 2)
    people(database, 1, language="es", country="MX", region="CMX")
    found = rehearsed(database, "first-reminder", **change)
    assert (found.rendered, found.changed) == (3, changed)
