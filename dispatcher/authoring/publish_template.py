"""Puts an approved version in force from a date, or takes a published one out of force."""

from datetime import datetime

from dispatcher.authoring.edit_template import against_in_force
from dispatcher.authoring.review_template import move, read_version
from dispatcher.authoring.storage import template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.writing.domain.template import ReviewRefused, VersionState, may_publish, may_retire
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
    accept_vanished: bool = False,
) -> StoredVersion:
    """Publish from an instant (now if not given); raises ReviewRefused or TemplateProblems.

    The text is tried once more: layouts and wording may have changed since it was approved. What vanishes against
    the version in force keeps it back, unless `accept_vanished` says that this is meant.
    """
    stored = read_version(database, name, version)
    may_publish(stored.version, actor)
    problems = check_version(stored.version, house)
    if problems:
        raise TemplateProblems(problems)
    lost = () if accept_vanished else against_in_force(database, house, stored.version, now)
    if lost:
        raise TemplateProblems(lost)
    meta = compile_version(stored.version, house).meta

    def describe(connection: Connection) -> None:
        template_versions.describe(connection, name, purpose=meta.purpose, owner=meta.owner)

    values = {"state": VersionState.PUBLISHED.value, "published_from": since or now}
    return move(database, stored, values, event=Event.TEMPLATE_PUBLISHED, actor=actor, now=now, also=describe)


def retire_template(
    database: Database, name: str, version: int, *, actor: str, why: str, now: datetime
) -> StoredVersion:
    """Take a published version out of force; the one published before it holds again.

    Raises ReviewRefused, also where nobody says why.
    """
    if not why.strip():
        raise ReviewRefused("Say why it is retired: what is wrong with it, or what comes instead.")
    stored = read_version(database, name, version)
    may_retire(stored.version)
    values = {"state": VersionState.RETIRED.value, "retired_at": now}
    return move(database, stored, values, event=Event.TEMPLATE_RETIRED, actor=actor, now=now, why=why.strip())
