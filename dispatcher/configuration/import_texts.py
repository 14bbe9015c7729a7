"""Brings a folder of configuration in and hands it out: what differs is handed in for a second person, as it stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher.configuration.decide_text import hand_in
from dispatcher.configuration.domain.config_version import Check, ConfigTroubles, Texts, Trouble
from dispatcher.configuration.domain.kinds import BY_WORD
from dispatcher.configuration.draft_text import Draft, save_text
from dispatcher.configuration.storage import config_versions
from dispatcher.configuration.texts_in_force import texts_at
from dispatcher.database.engine import Database
from dispatcher.writing.domain.template import ReviewRefused


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedText:
    """One text of the folder. `version`: of the draft that was handed in; 0: it reads so already."""

    kind: str
    name: str
    version: int = 0


def import_texts(
    database: Database,
    check: Check,
    files: Texts,
    given: Texts,
    kinds: Iterable[str],
    *,
    actor: str,
    why: str,
    now: datetime,
) -> list[ImportedText]:
    """Hand in every text of `given` that differs from what is in force, for the kinds kept on the pages.

    They are tried together: one may need another. Raises ConfigTroubles where they cannot be used, ReviewRefused
    where nothing of it is kept on the pages or nobody says why.
    """
    wanted = {kind: of for kind, of in given.items() if kind in set(kinds)}
    if not wanted:
        raise ReviewRefused("none of what the folder holds is kept on the pages: the files themselves hold")
    if not why.strip():
        raise ReviewRefused("say what changes and why: a second person decides by it")
    with database.reading() as connection:
        before = texts_at(connection, BY_WORD, now)
    merged = {kind: {**before.get(kind, files.get(kind, {})), **of} for kind, of in wanted.items()}
    if troubles := check({**before, **merged}):
        raise ConfigTroubles(troubles)
    imported = []
    for kind, of in wanted.items():
        known = before.get(kind, files.get(kind, {}))
        for name, text in of.items():
            number = 0
            if known.get(name) != text:
                draft = Draft(kind=kind, name=name, text=text, author=actor, comment=why.strip())
                number = save_text(database, _tried, files, draft, now=now).version
                with database.reading() as connection:
                    saved = config_versions.get(connection, kind, name, number)
                assert saved is not None  # noqa: S101 saved a moment ago
                hand_in(database, _tried, saved, actor=actor, why=why, now=now)
            imported.append(ImportedText(kind=kind, name=name, version=number))
    return imported


def _tried(_texts: Texts) -> Sequence[Trouble]:
    """They were tried together already."""
    return ()
