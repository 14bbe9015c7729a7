"""Which texts of the pages hold now: asked of the database every few seconds, laid out as files for the loaders."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from dispatcher.configuration.domain.config_version import Texts, digest_of, stamp_of
from dispatcher.configuration.domain.kinds import Kind
from dispatcher.configuration.storage import config_versions
from dispatcher.configuration.text_files import mirror
from dispatcher.database.engine import Connection, Database

FRESH = 2.0  # seconds: how long a process may not yet know what somebody put in force

Key = tuple[str, str]  # kind, name
Published = tuple[str, str, int, str, datetime]


def in_force(published: Iterable[Published], at: datetime) -> dict[Key, tuple[int, str]]:
    """Number and digest of the version of each text that holds at an instant: of those by then, the last."""
    newest: dict[Key, tuple[datetime, int, str]] = {}
    for kind, name, version, digest, since in published:
        key, found = (kind, name), (since, version, digest)
        if since <= at and (key not in newest or newest[key][:2] < found[:2]):
            newest[key] = found
    return {key: (version, digest) for key, (_, version, digest) in newest.items()}


def texts_at(connection: Connection, kinds: Iterable[str], at: datetime) -> dict[str, dict[str, str]]:
    """Kind -> name -> text in force at an instant, of those of these kinds that have versions here."""
    here = config_versions.kinds(connection) & frozenset(kinds)
    texts: dict[str, dict[str, str]] = {kind: {} for kind in sorted(here)}
    for (kind, name), (number, _) in in_force(config_versions.published(connection, here), at).items():
        version = config_versions.get(connection, kind, name, number)
        assert version is not None  # noqa: S101 read in the same transaction
        texts[kind][name] = version.text
    return texts


class ConfigDamagedError(ValueError):
    """A text in the database no longer has the digest that was written down with it."""


class TextsInForce:
    """The texts of the kinds that are kept on the pages, as a folder that holds exactly what is in force."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        kinds: frozenset[str],
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.kinds = kinds
        self._database, self._folder, self._now, self._clock = database, folder, now, clock
        self._read_at: float | None = None
        self._keys: dict[Key, tuple[int, str]] | None = None
        self._texts: Texts = {}
        self._stamp = ""

    @property
    def stamp(self) -> str:
        """SHA-256 of all that is in force here; empty where the files hold everything."""
        self._refresh()
        return self._stamp

    @property
    def texts(self) -> Texts:
        """Kind -> name -> text in force."""
        self._refresh()
        return self._texts

    def path(self, kind: Kind) -> Path | None:
        """Where the kind's texts stand as files; None: the desk's own files hold."""
        if kind.word not in self.kinds:
            return None
        self._refresh()
        return self._folder / self._stamp[:16] / kind.path if kind.word in self._texts else None

    def forget(self) -> None:
        """Ask anew at the next question, as after something was put in force."""
        self._read_at = None

    def _refresh(self) -> None:
        now = self._clock()
        if not self.kinds or (self._read_at is not None and now - self._read_at <= FRESH):
            return
        at = self._now()
        with self._database.reading() as connection:
            here = config_versions.kinds(connection) & self.kinds
            keys = in_force(config_versions.published(connection, here), at)
            if keys != self._keys:
                self._take(texts_at(connection, here, at), keys)
        self._keys, self._read_at = keys, now

    def _take(self, texts: Texts, keys: dict[Key, tuple[int, str]]) -> None:
        for (kind, name), (number, digest) in keys.items():
            if digest_of(texts[kind][name]) != digest:
                raise ConfigDamagedError(
                    f"{kind}/{name}, version {number}: its text is not the one that was approved"
                )
        stamp = stamp_of(texts) if texts else ""
        if stamp:
            mirror(self._folder / stamp[:16], texts)
        self._texts, self._stamp = texts, stamp
