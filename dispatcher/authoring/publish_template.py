"""Puts an approved version in force from a date, or takes a published one out of force."""

from datetime import datetime

from dispatcher.authoring.review_template import move, read_version
from dispatcher.authoring.storage import template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.database.engine import Connection, Database
from dispatcher.writing.domain.template import VersionState, may_publish, may_retire
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.layouts import Layouts
from dispatcher.writing.language.problems import TemplateProblems
from dispatcher.writing.trial import check_version


def publish_template(
    database: Database,
    house: Layouts,
    name: str,
    version: int,
    *,
    actor: str,
    now: datetime,
    since: datetime | None = None,
) -> StoredVersion:
    """Publish from an instant (now if not given); raises ReviewRefused or TemplateProblems.

    The text is tried once more: layouts and wording may have changed since it was approved.
    """
    stored = read_version(database, name, version)
    may_publish(stored.version, actor)
    problems = check_version(stored.version, house)
    if problems:
        raise TemplateProblems(problems)
    meta = compile_version(stored.version, house).meta

    def describe(connection: Connection) -> None:
        template_versions.describe(connection, name, purpose=meta.purpose, owner=meta.owner)

    values = {"state": VersionState.PUBLISHED.value, "published_from": since or now}
    return move(database, stored, values, event="template_published", actor=actor, now=now, also=describe)


def retire_template(
    database: Database, name: str, version: int, *, actor: str, now: datetime
) -> StoredVersion:
    """Take a published version out of force; the one published before it holds again. Raises ReviewRefused."""
    stored = read_version(database, name, version)
    may_retire(stored.version)
    values = {"state": VersionState.RETIRED.value, "retired_at": now}
    return move(database, stored, values, event="template_retired", actor=actor, now=now)
