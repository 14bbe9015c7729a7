import shutil
from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.authoring.published_templates import PublishedTemplates
from dispatcher.authoring.refresh_templates import TemplateSources, refresh_templates
from dispatcher.database import leases
from tests.writing.desk import ROOT, house_style

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SHIPPED = ROOT / "templates"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(SHIPPED, tmp_path / "desk")


def refresh(database, folder, *, source="folder", now=NOW):
    sources = TemplateSources(shipped=SHIPPED, folder=folder, source=source, actor="run")
    return refresh_templates(database, house_style(), sources, now=now, real_now=now)


def in_force(database, name="first-reminder", now=NOW):
    return PublishedTemplates(database, house_style(), lambda: now).in_force(name)


def edit(folder, path, old, new):
    file = folder / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_an_untouched_folder_changes_nothing(database, folder):
    assert refresh(database, folder) == []
    assert in_force(database) == 1


def test_a_changed_file_that_passes_is_the_next_version_once(database, folder):
    edit(folder, "first-reminder/en/email.md", "This may have slipped by", "Perhaps this slipped by")
    assert refresh(database, folder) == []
    assert in_force(database) == 2
    assert refresh(database, folder) == []
    assert in_force(database) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{{ debtor.name }},\n\n{%", "{{ debtor_name }},\n\n{%", "first-reminder/en/email.md:5:10: there is no placeholder `debtor_name`; did you mean `debtor.name`?"),
        ("Kind regards", "{{ ''.__class__ }}", "first-reminder/en/email.md:25:"),
        ("Kind regards", "{% for x in range(9) %}x{% endfor %}", "first-reminder/en/email.md:25:"),
        ("Kind regards", "Pay immediately or we will sue you. Regards", 'false-urgency: "immediately"'),
        ("Kind regards", "<b>Regards</b>", "first-reminder/en/email.md:25:1: HTML is not allowed"),
        ("preheader:", "previewline:", "first-reminder/en/email.md:3"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_fails_keeps_the_version_before_and_names_file_and_line(database, folder, old, new, said):
    edit(folder, "first-reminder/en/email.md", old, new)
    problems = refresh(database, folder)
    assert any(said in problem for problem in problems), problems
    assert all("the version before stays in force" in problem for problem in problems)
    assert in_force(database) == 1
    assert in_force(database, "second-reminder") == 1


def test_one_broken_template_does_not_keep_another_back(database, folder):
    edit(folder, "first-reminder/en/email.md", "Kind regards", "{{ nonsense }}")
    edit(folder, "second-reminder/en/email.md", "Kind regards", "Best regards")
    assert len(refresh(database, folder)) == 1
    assert (in_force(database), in_force(database, "second-reminder")) == (1, 2)


def test_a_new_template_in_the_folder_is_added(database, folder):
    shutil.copytree(folder / "due-soon", folder / "spring-greeting")
    assert refresh(database, folder) == []
    assert in_force(database, "spring-greeting") == 1


def test_a_file_saved_by_a_windows_editor_is_the_same_file(database, folder):
    file = folder / "due-soon/en/email.md"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert refresh(database, folder) == []
    assert in_force(database, "due-soon") == 1


def test_a_file_that_is_no_text_is_named(database, folder):
    (folder / "due-soon/en/sms.txt").write_bytes(b"Hello\n\xff\xfe")
    (problem,) = refresh(database, folder)
    assert "due-soon/en/sms.txt:2: is not UTF-8 text" in problem


def test_with_pages_a_changed_file_is_reported_and_not_used(database, folder):
    edit(folder, "first-reminder/en/email.md", "This may have slipped by", "Perhaps this slipped by")
    (problem,) = refresh(database, folder, source="pages")
    assert "differs from the published version and is not used" in problem
    assert in_force(database) == 1


def test_a_rehearsal_of_a_past_day_finds_the_shipped_templates(database):
    long_ago = datetime(2012, 3, 1, 18, 0, tzinfo=UTC)
    assert refresh(database, None, now=long_ago) == []
    assert in_force(database, now=long_ago) == 1


def test_two_processes_do_not_read_the_folder_at_once(database, folder):
    refresh(database, folder)
    edit(folder, "first-reminder/en/email.md", "This may have slipped by", "Perhaps this slipped by")
    with database.writing() as connection:
        leases.take(connection, "template-folder", "another", until=NOW + timedelta(minutes=1), real_now=NOW)
    assert refresh(database, folder) == []
    assert in_force(database) == 1
    later = NOW + timedelta(minutes=2)
    assert refresh(database, folder, now=later) == []
    assert in_force(database, now=later) == 2
