"""Puts the templates that come with the program into an empty store, as version 1 of each."""

from datetime import UTC, datetime
from pathlib import Path

from dispatcher.authoring.review_template import template_entry
from dispatcher.authoring.storage import template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.authoring.template_files import read_template, template_folders
from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.log.storage import delivery_log
from dispatcher.writing.domain.template import TemplateVersion, VersionState
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.layouts import Layouts

FROM_THE_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # a rehearsal of a past day finds them too
AUTHOR = "debt-dispatcher"


def seed_templates(database: Database, house: Layouts, directory: Path, *, now: datetime) -> list[str]:
    """Add each template that the store does not have; returns their names. Raises TemplateProblems."""
    with database.reading() as connection:
        known = set(template_versions.names(connection))
    missing = [name for name in template_folders(directory) if name not in known]
    versions = [read_template(directory, name) for name in missing]
    compiled = [compile_version(version, house) for version in versions]
    with database.writing() as connection:
        known = set(template_versions.names(connection))
        for version, made in zip(versions, compiled, strict=True):
            if version.name not in known:
                meta = made.meta
                template_versions.add_template(
                    connection, version.name, purpose=meta.purpose, owner=meta.owner, now=now
                )
                packed = _packed(version, now)
                template_versions.add(connection, packed)
                entry = template_entry(
                    packed.version, Event.TEMPLATE_PUBLISHED, actor=AUTHOR, at=now, source="packed"
                )
                delivery_log.append(connection, [entry])
    return missing


def _packed(version: TemplateVersion, now: datetime) -> StoredVersion:
    return StoredVersion(
        version=TemplateVersion(
            name=version.name,
            version=1,
            files=version.files,
            state=VersionState.PUBLISHED,
            author=AUTHOR,
            comment="comes with the program",
            created_at=now,
            published_from=FROM_THE_BEGINNING,
        ),
        source="packed",
        approved_at=now,
    )
