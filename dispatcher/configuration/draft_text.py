"""Saves a draft of a text: it is never lost, and what is wrong with it is said at once, at its line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher.configuration.domain.config_version import Check, ConfigVersion, Texts, Trouble, digest_of
from dispatcher.configuration.domain.kinds import BY_WORD, DEEPER
from dispatcher.configuration.storage import config_versions
from dispatcher.configuration.texts_in_force import texts_at
from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.writing.domain.template import (
    ReviewRefused,
    VersionState,
    may_be_named,
    may_edit,
    with_author,
)

LONGEST_TEXT = 400_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What somebody wants saved. `version`, `revision`: of the draft that it goes on from; 0: a new one."""

    kind: str
    name: str
    text: str
    author: str
    comment: str = ""
    version: int = 0
    revision: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedDraft:
    """Where it was saved, and what is wrong with it: with troubles it is kept and cannot be handed in."""

    version: int
    troubles: tuple[Trouble, ...]


def save_text(database: Database, check: Check, files: Texts, draft: Draft, *, now: datetime) -> SavedDraft:
    """Keep a text; the first of its kind takes over what the files (`files`: kind -> name -> text) say.

    Raises ReviewRefused for a name that no text may have, a version that is no draft any more, or when somebody
    else saved it meanwhile.
    """
    _refuse_wrong(draft)
    with database.writing() as connection:
        take_over(connection, draft.kind, files, actor=draft.author, now=now)
        number = _again(connection, draft) if draft.version else _new(connection, draft, now)
    return SavedDraft(
        version=number, troubles=tuple(troubles_of(database, check, draft.kind, draft.name, draft.text, now))
    )


def troubles_of(
    database: Database, check: Check, kind: str, name: str, text: str, at: datetime
) -> Sequence[Trouble]:
    """What would be wrong with the configuration of an instant if this text were in it."""
    with database.reading() as connection:
        texts = texts_at(connection, BY_WORD, at)
    return check({**texts, kind: {**texts.get(kind, {}), name: text}})


def take_over(connection: Connection, kind: str, files: Texts, *, actor: str, now: datetime) -> int:
    """Make the files' texts first versions, in force, where the kind has none here; returns how many."""
    if kind in config_versions.kinds(connection):
        return 0
    for name, text in files.get(kind, {}).items():
        version = ConfigVersion(
            kind=kind,
            name=name,
            version=1,
            text=text,
            state=VersionState.PUBLISHED,
            author=actor,
            source="folder",
            created_at=now,
            published_from=now,
        )
        config_versions.add(connection, version)
        log_step(connection, version, Event.CONFIG_IMPORTED, actor=actor, at=now)
    return len(files.get(kind, {}))


def log_step(
    connection: Connection, version: ConfigVersion, event: Event, *, actor: str, at: datetime, **details: str
) -> None:
    """Write into the log what happened to a version."""
    told = {
        "kind": version.kind,
        "name": version.name,
        "version": version.version,
        "sha256": version.digest,
        "author": version.author,
    }
    delivery_log.append(connection, [LogEntry(event=event, at=at, actor=actor, details=told | details)])


def _refuse_wrong(draft: Draft) -> None:
    kind = BY_WORD[draft.kind]
    if kind.is_one_file and draft.name != kind.word:
        raise ReviewRefused(f"there is one {kind.one}, and its name is {kind.word}")
    for part in draft.name.split(DEEPER):
        may_be_named(part.replace("_", "-"))
    if len(draft.text) > LONGEST_TEXT:
        raise ReviewRefused(f"a text has {LONGEST_TEXT:,} letters at most")


def _new(connection: Connection, draft: Draft, now: datetime) -> int:
    number = config_versions.next_number(connection, draft.kind, draft.name)
    version = ConfigVersion(
        kind=draft.kind,
        name=draft.name,
        version=number,
        text=draft.text,
        author=draft.author,
        comment=draft.comment,
        created_at=now,
    )
    config_versions.add(connection, version)
    return number


def _again(connection: Connection, draft: Draft) -> int:
    stored = config_versions.get(connection, draft.kind, draft.name, draft.version)
    if stored is None:
        raise ReviewRefused(f"there is no version {draft.version} of {draft.name}")
    may_edit(stored)
    values = {
        "text": draft.text,
        "digest": digest_of(draft.text),
        "author": with_author(stored, draft.author),
        "comment": draft.comment or stored.comment,
    }
    if stored.revision != draft.revision or not config_versions.change(connection, stored, values):
        raise ReviewRefused(
            f"somebody saved version {draft.version} of {draft.name} after you opened it: "
            "save yours as a new draft and compare the two"
        )
    return draft.version
