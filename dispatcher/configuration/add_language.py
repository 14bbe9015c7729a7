"""Adds a language: all its texts begun together from another's, tried together, decided about together."""

from collections.abc import Iterable
from datetime import datetime

from dispatcher.configuration.domain.config_version import (
    Check,
    ConfigTroubles,
    ConfigVersion,
    Texts,
    Trouble,
)
from dispatcher.configuration.domain.kinds import BY_WORD
from dispatcher.configuration.domain.language_parts import PARTS, begun_from, is_language, own_texts
from dispatcher.configuration.draft_text import Draft, save_text
from dispatcher.configuration.storage import config_versions
from dispatcher.configuration.texts_in_force import texts_at
from dispatcher.database.engine import Database
from dispatcher.writing.domain.template import ReviewRefused, VersionState


def begin_language(
    database: Database,
    files: Texts,
    language: str,
    like: str,
    *,
    kinds: Iterable[str],
    author: str,
    now: datetime,
) -> int:
    """Begin a draft of each text of a language from another's that is in force, for the kinds kept on the pages.

    Returns how many. `files`: kind -> name -> text of the files. Raises ReviewRefused for what is no code of a
    language, for one that is begun already, and where none of its texts is kept on the pages.
    """
    if not is_language(language):
        raise ReviewRefused("A language is named by its code of two or three small letters: sv, pl, haw.")
    with database.reading() as connection:
        in_force = texts_at(connection, BY_WORD, now)
    model = own_texts({**files, **in_force}, like)
    begun = 0
    for (kind, name), text in model.items():
        if kind not in set(kinds):
            continue
        own = _own_name(kind, name, like, language)
        with database.reading() as connection:
            if config_versions.history(connection, kind, own) or own in in_force.get(
                kind, files.get(kind, {})
            ):
                continue
        draft = Draft(kind=kind, name=own, text=begun_from(text, language), author=author)
        save_text(database, _later, files, draft, now=now)
        begun += 1
    if not begun:
        raise ReviewRefused(f"nothing of {language} is left to begin: its texts are there, or kept in files")
    return begun


def waiting(database: Database, language: str, state: VersionState) -> list[ConfigVersion]:
    """The newest version of each of a language's texts that is in this state."""
    names = [(part.kind, part.name_in(language)) for part in PARTS]
    with database.reading() as connection:
        found = config_versions.unsettled(connection)
    newest: dict[tuple[str, str], ConfigVersion] = {}
    for one in found:
        if (one.kind, one.name) in names and one.state is state:
            newest.setdefault((one.kind, one.name), one)
    return [newest[name] for name in names if name in newest]


def troubles_together(
    database: Database, check: Check, versions: Iterable[ConfigVersion], at: datetime
) -> list[Trouble]:
    """What would be wrong with the configuration of an instant if all of these were in it."""
    with database.reading() as connection:
        texts = {kind: dict(of) for kind, of in texts_at(connection, BY_WORD, at).items()}
    for one in versions:
        texts.setdefault(one.kind, {})[one.name] = one.text
    return list(check(texts))


def tried_together(
    database: Database, check: Check, versions: Iterable[ConfigVersion], at: datetime
) -> Check:
    """A check that says nothing more: they were tried together, since one needs another. Raises ConfigTroubles."""
    if troubles := troubles_together(database, check, versions, at):
        raise ConfigTroubles(troubles)
    return _later


def _own_name(kind: str, name: str, like: str, language: str) -> str:
    return next(part.name_in(language) for part in PARTS if part.kind == kind and part.name_in(like) == name)


def _later(_texts: Texts) -> list[Trouble]:
    """Not now: they are tried together."""
    return []
