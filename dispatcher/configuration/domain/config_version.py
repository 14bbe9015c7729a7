"""One version of one text of the configuration; its life is a template's, but that to approve it puts it in force."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from dispatcher.values.canonical import canonical_json
from dispatcher.writing.domain.template import VersionState

_PLACE = re.compile(r"(?P<file>[^:\s]+\.yaml)(:(?P<line>[0-9]+))?: ")

Texts = Mapping[str, Mapping[str, str]]
"""Kind -> name -> text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigVersion:
    """A text with its history. `author` names everyone who edited it, parted by commas: none of them may approve it.

    `revision` grows at each save of a draft.
    """

    kind: str
    name: str
    version: int
    text: str = ""
    state: VersionState = VersionState.DRAFT
    author: str = ""
    approver: str = ""
    comment: str = ""
    source: str = "pages"  # or folder: taken over from files
    created_at: datetime | None = None
    submitted_at: datetime | None = None
    approved_at: datetime | None = None
    published_from: datetime | None = None
    retired_at: datetime | None = None
    revision: int = 1

    @property
    def authors(self) -> tuple[str, ...]:
        """Everyone who edited it."""
        return tuple(name.strip() for name in self.author.split(",") if name.strip())

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the text."""
        return digest_of(self.text)


def digest_of(text: str) -> str:
    """SHA-256 (hex) of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def stamp_of(texts: Texts) -> str:
    """SHA-256 (hex) over the canonical JSON of each kind's names and the SHA-256 of their texts."""
    digests = {kind: {name: digest_of(text) for name, text in of.items()} for kind, of in texts.items()}
    return hashlib.sha256(canonical_json(digests).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """What keeps a configuration from being used. `file`: inside the configuration; `line` counts from 1, 0: none."""

    file: str
    line: int
    says: str

    def __str__(self) -> str:
        """As a person reads it."""
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.says}" if place else self.says


def trouble_of(error: str, folder: PurePath) -> Trouble:
    """A line as the loaders write it (`FILE:LINE: KEY: PROBLEM`), its file as it stands in the configuration."""
    inside = error.removeprefix(f"{folder}/").replace(f"{folder}/", "")
    found = _PLACE.match(inside)
    if found is None:
        return Trouble(file="", line=0, says=inside)
    return Trouble(file=found["file"], line=int(found["line"] or 0), says=inside[found.end() :])


class ConfigTroubles(ValueError):  # noqa: N818  it reads as what it holds
    """A configuration that cannot be used; all that is wrong with it."""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        self.troubles = tuple(troubles)
        super().__init__("; ".join(map(str, self.troubles)))


Check = Callable[[Texts], Sequence[Trouble]]
"""Reads a whole configuration with these texts in it as a run would; says everything that is wrong."""
