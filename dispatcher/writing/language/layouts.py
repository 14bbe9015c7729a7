"""The house style: layouts that carry every template, and each language's wording."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path

from dispatcher.values.sender import Sender
from dispatcher.writing.domain.letter_words import LetterWords
from dispatcher.writing.domain.wording import Wording

LAYOUTS = (
    "email.html", "email.txt", "sms.txt", "identity.html", "identity.txt", "others.html", "others.txt", "others.sms.txt"
)  # fmt: skip
TABLES = ("debts", "breakdown", "plans", "schedule", "itemization")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layouts:
    """`layouts` by name (`email.html`, `tables/plans.txt`), `wordings` by primary language, a digest of all words.

    `letters`: what a letter's page says, by language tag.
    """

    layouts: Mapping[str, str]
    wordings: Mapping[str, Wording]
    digest: str
    letters: Mapping[str, LetterWords] = field(default_factory=dict)
    senders: tuple[Sender, ...] = ()  # whose messages templates are tried with; none: a made-up one

    def wording(self, language: str) -> Wording | None:
        """The wording that a language tag uses: `es-MX` reads `es`."""
        return self.wordings.get(language.split("-", maxsplit=1)[0].lower())

    def letter_words(self, language: str) -> LetterWords | None:
        """What a letter's page says in a language: the region's own words, else the language's."""
        return self.letters.get(language) or self.letters.get(language.split("-", maxsplit=1)[0].lower())

    def saying(
        self,
        wordings: Mapping[str, Wording],
        letters: Mapping[str, LetterWords],
        senders: Sequence[Sender],
    ) -> "Layouts":
        """The same layouts with other words: what is compiled of the one never passes for the other."""
        return Layouts(
            layouts=self.layouts,
            wordings=wordings,
            digest=_digest(self.layouts, wordings, letters),
            letters=letters,
            senders=tuple(senders),
        )


def read_layouts(
    templates: Path, wordings: Mapping[str, Wording], letters: Mapping[str, LetterWords]
) -> Layouts:
    """Read the layouts of a templates folder; raises FileNotFoundError naming the layout that is not there."""
    names = [*LAYOUTS, *(f"tables/{table}.{medium}" for table in TABLES for medium in ("html", "txt"))]
    layouts = {name: _read(templates / "_layouts" / f"{name}.jinja") for name in names}
    return Layouts(
        layouts=layouts, wordings=wordings, digest=_digest(layouts, wordings, letters), letters=letters
    )


def _read(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: this layout is missing; copy it from the templates that come with the program"
        )
    return path.read_text(encoding="utf-8")


def _digest(
    layouts: Mapping[str, str], wordings: Mapping[str, Wording], letters: Mapping[str, LetterWords]
) -> str:
    digest = hashlib.sha256()
    said = [(name, _digest_of(of[name])) for of in (wordings, letters) for name in sorted(of)]
    for part in (*layouts.items(), *said):
        for text in part:
            digest.update(len(text.encode()).to_bytes(8, "big") + text.encode())
    return digest.hexdigest()


_DIGESTS: dict[
    int, tuple[object, str]
] = {}  # by identity: words are values, and reading them all out is dear
_MOST_DIGESTS = 64


def _digest_of(words: Wording | LetterWords) -> str:
    known, digest = _DIGESTS.get(id(words), (None, ""))
    if known is not words:
        digest = hashlib.sha256(repr(_read_out(words)).encode()).hexdigest()
        _DIGESTS[id(words)] = (words, digest)
        for key in list(_DIGESTS)[:-_MOST_DIGESTS]:
            _DIGESTS.pop(key, None)
    return digest


def _read_out(value: object) -> object:
    """In one order in every process: that of a set is chance."""
    match value:
        case Mapping():
            return sorted((repr(key), _read_out(said)) for key, said in value.items())
        case frozenset():
            return sorted(map(repr, value))
        case tuple():
            return [_read_out(each) for each in value]
        case _ if is_dataclass(value):
            return [_read_out(getattr(value, each.name)) for each in fields(value)]
    return repr(value)
