"""A draft's way: handed in by its author, put in force from a day by another person; sent back, taken back, retired."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dispatcher.configuration.domain.config_version import Check, ConfigTroubles, ConfigVersion, Trouble
from dispatcher.configuration.domain.kinds import BY_WORD
from dispatcher.configuration.draft_text import log_step, troubles_of
from dispatcher.configuration.storage import config_versions
from dispatcher.configuration.texts_in_force import texts_at
from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.writing.domain.template import (
    ReviewRefused,
    VersionState,
    may_approve,
    may_retire,
    may_submit,
)


def hand_in(
    database: Database, check: Check, version: ConfigVersion, *, actor: str, why: str, now: datetime
) -> None:
    """Give a draft to a second person; raises ConfigTroubles while it has any, ReviewRefused when it is no draft."""
    may_submit(version)
    if not (why := why.strip() or version.comment):
        raise ReviewRefused("Say what changes and why: the second person decides by it.")
    _refuse_troubles(database, check, version, now)
    values = {"state": VersionState.SUBMITTED.value, "submitted_at": now, "comment": why}
    _move(database, version, values, Event.CONFIG_SUBMITTED, actor=actor, now=now, why=why)


def approve(
    database: Database, check: Check, version: ConfigVersion, *, actor: str, since: datetime, now: datetime,
    heard_less: Check, wants_it: bool,
) -> None:  # fmt: skip
    """Put a version that somebody else wrote in force from an instant; raises ReviewRefused or ConfigTroubles.

    It is tried once more beside what is in force on that day: other texts may have changed since it was handed in.
    `heard_less` says what of people's wishes would not be heard any more; who decides has to say that they want it, and
    the log keeps it.
    """
    may_approve(version, actor)
    if since < now:
        raise ReviewRefused(
            "What was in force on a past day is written in the log: choose today or a later day."
        )
    _refuse_troubles(database, check, version, since)
    lost = _wanted(
        troubles_of(database, heard_less, version.kind, version.name, version.text, since), wants_it=wants_it
    )
    values = {
        "state": VersionState.PUBLISHED.value,
        "approver": actor,
        "approved_at": now,
        "published_from": since,
    }
    _move(
        database,
        version,
        values,
        Event.CONFIG_PUBLISHED,
        actor=actor,
        now=now,
        since=since.isoformat(),
        **lost,
    )


def send_back(database: Database, version: ConfigVersion, *, actor: str, why: str, now: datetime) -> None:
    """Make a version that was handed in a draft again, with what is to change; raises ReviewRefused."""
    if version.state is not VersionState.SUBMITTED:
        raise ReviewRefused(
            f"{version.name} version {version.version} is {version.state}: nothing to send back"
        )
    if not why.strip():
        raise ReviewRefused("Say what is to change.")
    values = {"state": VersionState.DRAFT.value, "comment": why.strip()}
    _move(database, version, values, Event.CONFIG_SENT_BACK, actor=actor, now=now, why=why.strip())


def take_back(database: Database, version: ConfigVersion, *, actor: str, why: str, now: datetime) -> None:
    """Give a draft up, or what waits for its second person; its text stays in the history. Raises ReviewRefused."""
    if version.state not in {VersionState.DRAFT, VersionState.SUBMITTED}:
        raise ReviewRefused(f"{version.name} version {version.version} is {version.state}: retire it instead")
    values = {"state": VersionState.RETIRED.value, "retired_at": now}
    _move(database, version, values, Event.CONFIG_WITHDRAWN, actor=actor, now=now, why=why.strip())


def retire(
    database: Database,
    check: Check,
    version: ConfigVersion,
    *,
    actor: str,
    why: str,
    now: datetime,
    heard_less: Check,
    wants_it: bool,
) -> None:
    """Take a version out of force: the one before it holds again, or there is none of that name.

    Raises ReviewRefused where nobody says why, ConfigTroubles where the rest could not be used without it.
    """
    may_retire(version)
    if not why.strip():
        raise ReviewRefused("Say why it is retired: what is wrong with it, or what comes instead.")
    if troubles := check(_without(database, version, now)):
        raise ConfigTroubles(troubles)
    lost = _wanted(heard_less(_without(database, version, now)), wants_it=wants_it)
    values = {"state": VersionState.RETIRED.value, "retired_at": now}
    _move(database, version, values, Event.CONFIG_RETIRED, actor=actor, now=now, why=why.strip(), **lost)


def _without(database: Database, version: ConfigVersion, at: datetime) -> dict[str, dict[str, str]]:
    """All that would be in force, were this version none of it."""
    with database.reading() as connection:
        texts = texts_at(connection, BY_WORD, at)
        others = [
            one
            for one in config_versions.history(connection, version.kind, version.name)
            if one.version != version.version
            and one.state is VersionState.PUBLISHED
            and one.published_from is not None
            and one.published_from <= at
        ]
    kept = {name: text for name, text in texts.get(version.kind, {}).items() if name != version.name}
    if others:
        last = max(others, key=lambda one: (one.published_from or at, one.version))
        kept[version.name] = last.text
    return {**texts, version.kind: kept}


def _wanted(lost: Sequence[Trouble], *, wants_it: bool) -> dict[str, str]:
    """What the log says of it; raises ReviewRefused where nobody said that they want it."""
    if lost and not wants_it:
        raise ReviewRefused("Less of what people write would be heard: say that you want it, or leave it.")
    return {"heard_less": "; ".join(one.says for one in lost)} if lost else {}


def _refuse_troubles(database: Database, check: Check, version: ConfigVersion, at: datetime) -> None:
    if troubles := troubles_of(database, check, version.kind, version.name, version.text, at):
        raise ConfigTroubles(troubles)


def _move(
    database: Database,
    version: ConfigVersion,
    values: dict[str, Any],
    event: Event,
    *,
    actor: str,
    now: datetime,
    **details: str,
) -> None:
    with database.writing() as connection:
        if not config_versions.change(connection, version, values):
            raise ReviewRefused(
                f"somebody changed version {version.version} of {version.name} meanwhile: look again"
            )
        log_step(connection, version, event, actor=actor, at=now, **details)
