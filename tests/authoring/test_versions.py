import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from channels.kind import ChannelKind
from dispatcher.authoring.compare_versions import compare_versions
from dispatcher.authoring.edit_template import Edit, save_draft
from dispatcher.authoring.publish_template import publish_template, retire_template
from dispatcher.authoring.published_templates import PublishedTemplates
from dispatcher.authoring.review_template import (
    approve_template,
    read_version,
    send_back_template,
    submit_template,
    withdraw_template,
)
from dispatcher.authoring.seed_templates import AUTHOR, seed_templates
from dispatcher.authoring.storage import template_versions
from dispatcher.database.tables.log import log_entries
from dispatcher.writing.domain.template import ReviewRefused, VersionState
from dispatcher.writing.language.problems import TemplateProblems
from tests.writing.desk import ROOT, house_style, inputs, rendered

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NAME = "first-reminder"


def seeded(database):
    seed_templates(database, house_style(), ROOT / "templates", now=NOW)
    return database


@pytest.fixture
def store(sqlite_database):
    return seeded(sqlite_database)


@pytest.fixture
def either_store(database):
    return seeded(database)


@pytest.fixture
def files(store):
    return dict(read_version(store, NAME, 1).version.files)


def shelf_of(database, now=NOW):
    return PublishedTemplates(database, house_style(), lambda: now)


def changed(files, old="This may have slipped by", new="Perhaps this slipped by"):
    return {**files, "en/email.md": files["en/email.md"].replace(old, new)}


def save(database, files, author="maria", **more):
    return save_draft(database, house_style(), Edit(name=NAME, files=files, author=author, **more), now=NOW)


def events(database):
    with database.reading() as connection:
        entries = [
            json.loads(text)
            for text in connection.scalars(select(log_entries.c.entry).order_by(log_entries.c.id))
        ]
    return [(entry["event"], entry["actor"]) for entry in entries]


def test_seeding_twice_adds_nothing(database):
    shipped = sorted(path.parent.name for path in (ROOT / "templates").glob("*/template.yaml"))
    assert seed_templates(database, house_style(), ROOT / "templates", now=NOW) == shipped != []
    assert seed_templates(database, house_style(), ROOT / "templates", now=NOW) == []
    assert events(database) == [("template_published", AUTHOR)] * len(shipped)


def test_a_version_goes_from_draft_to_force_by_two_people(either_store, files):
    saved = save(either_store, changed(files), comment="Softer")
    assert saved.problems == ()
    assert shelf_of(either_store).in_force(NAME) == 1
    submit_template(either_store, house_style(), NAME, saved.version, actor="maria", now=NOW)
    approve_template(either_store, NAME, saved.version, actor="ben", now=NOW)
    publish_template(either_store, house_style(), NAME, saved.version, actor="ben", now=NOW)
    shelf = shelf_of(either_store)
    assert shelf.in_force(NAME) == saved.version == 2
    assert "Perhaps this slipped by" in rendered(shelf.find(NAME), inputs(first_message_on=None)).text
    assert [event for event in events(either_store) if event[1] != AUTHOR] == [
        ("template_submitted", "maria"),
        ("template_approved", "ben"),
        ("template_published", "ben"),
    ]


def test_nobody_approves_or_publishes_what_they_wrote(store, files):
    saved = save(store, changed(files))
    save(store, changed(files), author="ben", version=saved.version, revision=saved.revision)
    submit_template(store, house_style(), NAME, 2, actor="maria", now=NOW)
    for author in ("maria", "ben"):
        with pytest.raises(
            ReviewRefused, match=f"{author} wrote version 2 of first-reminder: another person must approve it"
        ):
            approve_template(store, NAME, 2, actor=author, now=NOW)
    approve_template(store, NAME, 2, actor="chloe", now=NOW)
    with pytest.raises(ReviewRefused, match="another person must publish it"):
        publish_template(store, house_style(), NAME, 2, actor="ben", now=NOW)


def test_nobody_approves_their_own_under_another_spelling(store, files):
    saved = save(store, changed(files), author="Maria")
    submit_template(store, house_style(), NAME, saved.version, actor="Maria", now=NOW)
    with pytest.raises(ReviewRefused, match="another person must approve it"):
        approve_template(store, NAME, saved.version, actor=" maria ", now=NOW)


@pytest.mark.parametrize("name", ["../evil", "Bad Name", "a/b", "", "x" * 61])
def test_a_new_template_has_a_name_that_a_folder_may_have(store, files, name):
    with pytest.raises(ReviewRefused, match="small letters, digits and single hyphens"):
        save_draft(store, house_style(), Edit(name=name, files=files, author="maria"), now=NOW)


@pytest.mark.parametrize("step", ["approve", "publish", "retire"])
def test_no_step_of_the_review_can_be_skipped(store, files, step):
    save(store, changed(files))
    steps = {
        "approve": lambda: approve_template(store, NAME, 2, actor="ben", now=NOW),
        "publish": lambda: publish_template(store, house_style(), NAME, 2, actor="ben", now=NOW),
        "retire": lambda: retire_template(store, NAME, 2, actor="ben", why="Too long", now=NOW),
    }
    with pytest.raises(ReviewRefused, match="version 2 is draft"):
        steps[step]()


def test_a_draft_with_problems_is_kept_but_cannot_be_submitted(store, files):
    saved = save(store, {**files, "en/email.md": files["en/email.md"] + "\n{{ debtor_name }}\n"})
    (problem,) = saved.problems
    assert "did you mean `debtor.name`?" in str(problem)
    assert "{{ debtor_name }}" in read_version(store, NAME, saved.version).version.files["en/email.md"]
    with pytest.raises(TemplateProblems):
        submit_template(store, house_style(), NAME, saved.version, actor="maria", now=NOW)


def test_two_editors_of_one_draft_lose_nothing(store, files):
    first = save(store, changed(files))
    save(store, changed(files, new="It may be that this slipped by"), version=2, revision=first.revision)
    with pytest.raises(ReviewRefused, match="somebody saved version 2"):
        save(store, changed(files), author="ben", version=2, revision=first.revision)


def test_the_text_of_a_submitted_version_is_fixed(store, files):
    saved = save(store, changed(files))
    submit_template(store, house_style(), NAME, 2, actor="maria", now=NOW)
    with pytest.raises(ReviewRefused, match="its text is fixed"):
        save(store, changed(files), version=2, revision=saved.revision + 1)


def test_a_version_sent_back_is_a_draft_again(store, files):
    save(store, changed(files))
    submit_template(store, house_style(), NAME, 2, actor="maria", now=NOW)
    sent_back = send_back_template(store, NAME, 2, actor="ben", why="Say the date", now=NOW)
    assert sent_back.version.state is VersionState.DRAFT
    assert sent_back.version.comment == "Say the date"


def published(store, files, **more):
    saved = save(store, changed(files))
    submit_template(store, house_style(), NAME, saved.version, actor="maria", now=NOW)
    approve_template(store, NAME, saved.version, actor="ben", now=NOW)
    publish_template(store, house_style(), NAME, saved.version, actor="ben", now=NOW, **more)


def test_a_version_published_from_a_date_waits_for_it(either_store, files):
    published(either_store, files, since=NOW + timedelta(days=3))
    assert shelf_of(either_store).in_force(NAME) == 1
    assert shelf_of(either_store, NOW + timedelta(days=3)).in_force(NAME) == 2


def test_a_retired_version_gives_way_to_the_one_before_it(store, files):
    published(store, files)
    retire_template(store, NAME, 2, actor="ben", why="Too long", now=NOW)
    assert shelf_of(store).in_force(NAME) == 1


def test_a_running_worker_learns_of_a_new_version_within_seconds(store, files):
    clock = [NOW]
    shelf = PublishedTemplates(store, house_style(), lambda: clock[0])
    assert shelf.find(NAME).version == 1
    published(store, files)
    clock[0] += timedelta(seconds=6)
    assert shelf.find(NAME).version == 2
    assert shelf.version(NAME, 1).version == 1  # what went out keeps its version


def test_every_body_is_kept_and_the_difference_is_shown(store, files):
    published(store, files)
    with store.reading() as connection:
        new, old = template_versions.history(connection, NAME)
    difference = compare_versions(old.version, new.version)
    assert re.search(r"^-.*This may have slipped by.*\*\*\{\{ debt.balance \}\}", difference, re.MULTILINE)
    assert re.search(r"^\+.*Perhaps this slipped by.*\*\*\{\{ debt.balance \}\}", difference, re.MULTILINE)
    assert "es/" not in difference


def test_an_unknown_version_says_which_there_are(store):
    with pytest.raises(ReviewRefused, match="there is no version 9 of template first-reminder: there are 1"):
        read_version(store, NAME, 9)


def test_a_shipped_template_serves_every_channel_its_steps_name(store):
    from dispatcher.authoring.lint_templates import lint_stored_strategies
    from dispatcher.rulebook.strategies import load_strategies

    with store.reading() as connection:
        versions = [
            template_versions.in_force(connection, name, NOW).version
            for name in template_versions.names(connection)
        ]
    assert lint_stored_strategies(load_strategies(ROOT / "config/strategies"), versions, house_style()) == []
    assert shelf_of(store).find("final-notice").has(ChannelKind.LETTER, "es")


def approved(store, files):
    version = save(store, files).version
    submit_template(store, house_style(), NAME, version, actor="maria", now=NOW)
    approve_template(store, NAME, version, actor="ben", now=NOW)
    return version


def test_a_version_without_spanish_is_a_finding_and_goes_live_only_when_that_is_meant(store, files):
    english = {path: text for path, text in files.items() if not path.startswith("es/")}
    saved = save(store, english)
    assert {(p.rule, p.file) for p in saved.problems} == {
        ("vanished", f"es/{name}") for name in ("email.md", "letter.md", "sms.txt")
    }
    assert "0 of the portfolio's people" in str(saved.problems[0])
    version = approved(store, english)
    with pytest.raises(TemplateProblems, match="es vanishes"):
        publish_template(store, house_style(), NAME, version, actor="ben", now=NOW)
    publish_template(store, house_style(), NAME, version, actor="ben", now=NOW, accept_vanished=True)


def test_a_placeholder_and_a_kind_that_vanish_are_named(store, files):
    less = changed(files, "{{ debt.due_date }}", "its date")
    less = {**less, "template.yaml": less["template.yaml"].replace("[collection]", "[courtesy]")}
    said = [str(problem) for problem in save(store, less).problems]
    assert any("{{ debt.due_date }} vanishes" in line for line in said)
    assert any("no longer serves collection" in line for line in said)


def test_a_retired_version_says_why_and_a_draft_can_be_taken_back(store, files):
    with pytest.raises(ReviewRefused, match="Say why"):
        retire_template(store, NAME, 1, actor="ben", why=" ", now=NOW)
    version = save(store, changed(files)).version
    withdraw_template(store, NAME, version, actor="maria", why="A slip", now=NOW)
    assert read_version(store, NAME, version).version.state is VersionState.RETIRED
    with store.reading() as connection:
        details = connection.scalars(select(log_entries.c.entry).order_by(log_entries.c.id.desc())).first()
    assert "A slip" in details
