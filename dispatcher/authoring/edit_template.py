"""Saves a draft of a template: its text is never lost, its problems are said at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dispatcher.authoring.storage import template_use, template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.authoring.vanished import vanished
from dispatcher.database.engine import Connection, Database
from dispatcher.writing.domain.template import (
    ReviewRefused,
    TemplateVersion,
    may_be_named,
    may_edit,
    with_author,
)
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.layouts import Layouts
from dispatcher.writing.language.problems import Problem, TemplateProblems
from dispatcher.writing.trial import check_version


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """What somebody wants saved. `version` and `revision` are those of the draft it goes on from; 0: a new draft."""

    name: str
    files: Mapping[str, str]
    author: str
    comment: str = ""
    version: int = 0
    revision: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """Where it was saved, and what is wrong with it: a draft with problems is kept but cannot be submitted."""

    version: int
    revision: int
    problems: tuple[Problem, ...]


def save_draft(database: Database, house: Layouts, edit: Edit, *, now: datetime) -> Saved:
    """Keep the text as a new draft or in place of an older state of the same draft.

    Raises ReviewRefused for a name that no template may have, when the version is no draft any more, or when
    somebody else saved it meanwhile.
    """
    if not edit.version:
        _refuse_wrong_name(database, edit.name)
    draft = TemplateVersion(name=edit.name, version=edit.version or 1, files=edit.files)
    problems = check_version(draft, house)
    if not problems:
        problems = against_in_force(database, house, draft, now)
    with database.writing() as connection:
        if edit.version:
            return _again(connection, edit, problems)
        return _new(connection, edit, problems, now)


def against_in_force(
    database: Database, house: Layouts, draft: TemplateVersion, now: datetime
) -> tuple[Problem, ...]:
    """What vanishes against the version in force; its people are counted by a rehearsal."""
    with database.reading() as connection:
        stored = template_versions.in_force(connection, draft.name, now)
        people = template_use.people_by_language(connection, now.date())
    if stored is None:
        return ()
    try:
        old, new = compile_version(stored.version, house), compile_version(draft, house)
    except TemplateProblems:
        return ()
    return tuple(vanished(old, new, people))


def _refuse_wrong_name(database: Database, name: str) -> None:
    """Before the text is tried, which takes seconds: a name is wrong at once."""
    with database.reading() as connection:
        if name not in template_versions.names(connection):
            may_be_named(name)


def _new(connection: Connection, edit: Edit, problems: tuple[Problem, ...], now: datetime) -> Saved:
    if edit.name not in template_versions.names(connection):
        template_versions.add_template(connection, edit.name, purpose="", owner="", now=now)
    number = template_versions.next_number(connection, edit.name)
    version = TemplateVersion(
        name=edit.name,
        version=number,
        files=edit.files,
        author=edit.author,
        comment=edit.comment,
        created_at=now,
    )
    template_versions.add(connection, StoredVersion(version=version, source="pages"))
    return Saved(version=number, revision=1, problems=problems)


def _again(connection: Connection, edit: Edit, problems: tuple[Problem, ...]) -> Saved:
    stored = template_versions.get(connection, edit.name, edit.version)
    if stored is None:
        raise ReviewRefused(f"there is no version {edit.version} of template {edit.name}")
    may_edit(stored.version)
    digest = TemplateVersion(name=edit.name, version=edit.version, files=edit.files).digest
    values = {
        "files": dict(edit.files),
        "digest": digest,
        "author": with_author(stored.version, edit.author),
        "comment": edit.comment or stored.version.comment,
    }
    if not template_versions.change(
        connection, edit.name, edit.version, revision=edit.revision, values=values
    ):
        raise ReviewRefused(
            f"somebody saved version {edit.version} of {edit.name} after you opened it: "
            "save yours as a new draft and compare the two"
        )
    return Saved(version=edit.version, revision=edit.revision + 1, problems=problems)
