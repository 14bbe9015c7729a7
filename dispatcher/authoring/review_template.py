"""Takes a draft through its review: submitted by its author, approved or sent back by another person."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from dispatcher.authoring.storage import template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.writing.domain.template import (
    ReviewRefused,
    TemplateVersion,
    VersionState,
    may_approve,
    may_submit,
)
from dispatcher.writing.language.layouts import Layouts
from dispatcher.writing.language.problems import TemplateProblems
from dispatcher.writing.trial import check_version


def submit_template(
    database: Database,
    house: Layouts,
    name: str,
    version: int,
    *,
    actor: str,
    now: datetime,
    comment: str = "",
) -> StoredVersion:
    """Hand a draft in for approval, `comment` in place of what it said of its change.

    Raises TemplateProblems when it has any, ReviewRefused when it is no draft.
    """
    stored = read_version(database, name, version)
    may_submit(stored.version)
    problems = check_version(stored.version, house)
    if problems:
        raise TemplateProblems(problems)
    values = {
        "state": VersionState.SUBMITTED.value,
        "submitted_at": now,
        "comment": comment or stored.version.comment,
    }
    return move(database, stored, values, event=Event.TEMPLATE_SUBMITTED, actor=actor, now=now)


def approve_template(
    database: Database, name: str, version: int, *, actor: str, now: datetime
) -> StoredVersion:
    """Approve a submitted version; raises ReviewRefused for its own authors."""
    stored = read_version(database, name, version)
    may_approve(stored.version, actor)
    values = {"state": VersionState.APPROVED.value, "approver": actor, "approved_at": now}
    return move(database, stored, values, event=Event.TEMPLATE_APPROVED, actor=actor, now=now)


def send_back_template(
    database: Database, name: str, version: int, *, actor: str, why: str, now: datetime
) -> StoredVersion:
    """Make a submitted version a draft again, with what is to change; raises ReviewRefused."""
    stored = read_version(database, name, version)
    if stored.version.state not in {VersionState.SUBMITTED, VersionState.APPROVED}:
        raise ReviewRefused(
            f"{name} version {version} is {stored.version.state}: there is nothing to send back"
        )
    values = {"state": VersionState.DRAFT.value, "approver": "", "approved_at": None, "comment": why}
    return move(database, stored, values, event=Event.TEMPLATE_SENT_BACK, actor=actor, now=now, why=why)


def withdraw_template(
    database: Database, name: str, version: int, *, actor: str, why: str, now: datetime
) -> StoredVersion:
    """Take a draft back for good, or a version that waits for its review; its text stays in the history."""
    stored = read_version(database, name, version)
    if stored.version.state not in {VersionState.DRAFT, VersionState.SUBMITTED, VersionState.APPROVED}:
        raise ReviewRefused(f"{name} version {version} is {stored.version.state}: retire it instead")
    values = {"state": VersionState.RETIRED.value, "retired_at": now}
    return move(database, stored, values, event=Event.TEMPLATE_WITHDRAWN, actor=actor, now=now, why=why)


def read_version(database: Database, name: str, version: int) -> StoredVersion:
    """One version; raises ReviewRefused saying which there are."""
    with database.reading() as connection:
        stored = template_versions.get(connection, name, version)
        if stored is None:
            numbers = ", ".join(
                str(each.version.version) for each in template_versions.history(connection, name)
            )
            known = f"there are {numbers}" if numbers else "`dispatcher templates list` names all templates"
            raise ReviewRefused(f"there is no version {version} of template {name}: {known}")
    return stored


def move(
    database: Database,
    stored: StoredVersion,
    values: dict[str, Any],
    *,
    event: Event,
    actor: str,
    now: datetime,
    also: Callable[[Connection], None] = lambda _connection: None,
    **details: str,
) -> StoredVersion:
    """Change a version's state and log it in one transaction; raises ReviewRefused if it changed meanwhile."""
    version = stored.version
    with database.writing() as connection:
        changed = template_versions.change(
            connection, version.name, version.version, revision=stored.revision, values=values
        )
        if not changed:
            raise ReviewRefused(
                f"somebody changed version {version.version} of {version.name} meanwhile: look again"
            )
        also(connection)
        delivery_log.append(connection, [template_entry(version, event, actor=actor, at=now, **details)])
        moved = template_versions.get(connection, version.name, version.version)
    assert moved is not None  # noqa: S101 - changed a moment ago in the same transaction
    return moved


def template_entry(
    version: TemplateVersion, event: Event, *, actor: str, at: datetime, **details: str
) -> LogEntry:
    """The log entry for something that happened to a template's version."""
    return LogEntry(
        event=event,
        at=at,
        actor=actor,
        template=version.name,
        template_version=version.version,
        details={"template_sha256": version.digest, "author": version.author, **details},
    )
