"""The house style: layouts that carry every template, and each language's wording."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dispatcher.values.sender import Sender
from dispatcher.writing.domain.wording import Wording

LAYOUTS = (
    "email.html", "email.txt", "sms.txt", "identity.html", "identity.txt", "others.html", "others.txt", "others.sms.txt"
)  # fmt: skip
TABLES = ("debts", "breakdown", "plans", "schedule", "itemization")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layouts:
    """`layouts` by name (`email.html`, `tables/plans.txt`), `wordings` by primary language, a digest of both."""

    layouts: Mapping[str, str]
    wordings: Mapping[str, Wording]
    digest: str
    senders: tuple[Sender, ...] = ()  # whose messages templates are tried with; none: a made-up one

    def wording(self, language: str) -> Wording | None:
        """The wording that a language tag uses: `es-MX` reads `es`."""
        return self.wordings.get(language.split("-", maxsplit=1)[0].lower())


def read_layouts(templates: Path, wordings: Mapping[str, Wording]) -> Layouts:
    """Read the layouts of a templates folder; raises FileNotFoundError naming the layout that is not there."""
    names = [*LAYOUTS, *(f"tables/{table}.{medium}" for table in TABLES for medium in ("html", "txt"))]
    layouts = {name: _read(templates / "_layouts" / f"{name}.jinja") for name in names}
    return Layouts(layouts=layouts, wordings=wordings, digest=_digest(layouts, wordings))


def _read(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: this layout is missing; copy it from the templates that come with the program"
        )
    return path.read_text(encoding="utf-8")


def _digest(layouts: Mapping[str, str], wordings: Mapping[str, Wording]) -> str:
    digest = hashlib.sha256()
    for part in (*layouts.items(), *((name, repr(wordings[name])) for name in sorted(wordings))):
        for text in part:
            digest.update(len(text.encode()).to_bytes(8, "big") + text.encode())
    return digest.hexdigest()
