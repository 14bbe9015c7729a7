"""Brings the store up to the template folder at a run's start: what changed and passes becomes the next version."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

from dispatcher.authoring.review_template import template_entry
from dispatcher.authoring.seed_templates import seed_templates
from dispatcher.authoring.storage import template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.authoring.template_files import read_template, template_folders
from dispatcher.database import leases
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.writing.domain.template import TemplateVersion, VersionState
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.layouts import Layouts
from dispatcher.writing.language.problems import Problem, TemplateProblems
from dispatcher.writing.trial import check_versions

LEASE = "template-folder"
LEASE_TIME = timedelta(minutes=10)
Source = Literal["folder", "pages"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateSources:
    """Where templates come from: the shipped ones, a desk's own folder if it has one, and which of them rules."""

    shipped: Path
    folder: Path | None = None  # an explicit DISPATCHER_TEMPLATES_DIR
    source: Source = "folder"
    actor: str = "dispatcher"


def refresh_templates(
    database: Database, house: Layouts, sources: TemplateSources, *, now: datetime, real_now: datetime
) -> list[str]:
    """Seed an empty store, then take over the folder's changes. Returns what could not be used, a line each.

    A template that fails keeps the version before. With `pages` a changed file is reported, never used.
    """
    problems = _seed(database, house, sources.shipped, now)
    if sources.folder is None:
        return problems
    owner = uuid4().hex
    with database.writing() as connection:
        if not leases.take(connection, LEASE, owner, until=real_now + LEASE_TIME, real_now=real_now):
            return problems  # another process reads the folder at this moment
    try:
        return problems + _from_folder(database, house, sources, sources.folder, now)
    finally:
        with database.writing() as connection:
            leases.release(connection, LEASE, owner)


def _seed(database: Database, house: Layouts, shipped: Path, now: datetime) -> list[str]:
    try:
        seed_templates(database, house, shipped, now=now)
    except TemplateProblems as problems:
        return [f"the shipped templates cannot be used: {problem}" for problem in problems.problems]
    return []


def _from_folder(
    database: Database, house: Layouts, sources: TemplateSources, folder: Path, now: datetime
) -> list[str]:
    changed, problems = _changed(database, folder, now)
    if sources.source == "pages":
        return problems + [
            f"{folder / version.name}: differs from the published version and is not used: "
            "templates.source is pages, so edit it on the pages"
            for version in changed
        ]
    found = check_versions(changed, house) if changed else {}
    for version in changed:
        if found[version.name]:
            problems += _kept(folder, version.name, found[version.name])
        else:
            _publish(database, house, version, sources.actor, now)
    return problems


def _changed(database: Database, folder: Path, now: datetime) -> tuple[list[TemplateVersion], list[str]]:
    """The folder's templates that differ from what is in force, and those that cannot be read."""
    changed: list[TemplateVersion] = []
    problems: list[str] = []
    for name in template_folders(folder):
        try:
            version = read_template(folder, name)
        except TemplateProblems as unreadable:
            problems += _kept(folder, name, unreadable.problems)
            continue
        with database.reading() as connection:
            held = template_versions.in_force(connection, name, now)
        if held is None or held.version.digest != version.digest:
            changed.append(version)
    return changed, problems


def _kept(folder: Path, name: str, problems: tuple[Problem, ...]) -> list[str]:
    return [f"{folder / name}/{problem} (the version before stays in force)" for problem in problems]


def _publish(database: Database, house: Layouts, version: TemplateVersion, actor: str, now: datetime) -> None:
    meta = compile_version(version, house).meta
    with database.writing() as connection:
        if version.name not in template_versions.names(connection):
            template_versions.add_template(connection, version.name, purpose="", owner="", now=now)
        template_versions.describe(connection, version.name, purpose=meta.purpose, owner=meta.owner)
        _add(connection, version, actor, now)


def _add(connection: Connection, version: TemplateVersion, actor: str, now: datetime) -> None:
    numbered = replace(
        version,
        version=template_versions.next_number(connection, version.name),
        state=VersionState.PUBLISHED,
        author=actor,
        comment="from the template folder",
        created_at=now,
        published_from=now,
    )
    template_versions.add(connection, StoredVersion(version=numbered, source="folder", approved_at=now))
    entry = template_entry(numbered, Event.TEMPLATE_PUBLISHED, actor=actor, at=now, source="folder")
    delivery_log.append(connection, [entry])
