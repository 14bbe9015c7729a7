"""Verifies what stands beside the log: published templates, the text that searches read, what they find entries by."""

from collections.abc import Iterator, Mapping
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.log.domain.reading_text import bare_type, reading_text, same_text
from dispatcher.log.storage import log_facets
from dispatcher.record.storage import evidence
from dispatcher.record.verify.verify_chain import Finding
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.letters.words import words_not_printed

Templates = dict[tuple[Any, Any, Any], str]  # template, version, digest of its files -> place of an entry
_REINDEX = "`dispatcher log reindex` makes it anew"


def check_templates(database: Database, named: Templates) -> Iterator[Finding]:
    """Every version published or sent must be there with the files that the log says it had."""
    for (name, version, digest), place in named.items():
        with database.reading() as connection:
            files = evidence.template_files(connection, name, version)
        if not files:
            yield Finding(place, f"template {name} version {version}, which it speaks of, is missing")
        elif TemplateVersion(name=name, version=version, files=files).digest != digest:
            yield Finding(
                place, f"template {name} version {version} is not what the log says: its files were changed"
            )


def check_facets(database: Database, used: Mapping[int, str]) -> Iterator[Finding]:
    """Every facet that entries have (id -> a place) must be there as it is, or searches would pass them over."""
    with database.reading() as connection:
        known, altered = log_facets.every(connection), list(log_facets.altered(connection))
    for row, event in altered:
        yield Finding(f"facet {row} ({event})", f"what searches find entries by was changed: {_REINDEX}")
    for key, place in used.items():
        if key not in known:
            yield Finding(place, f"searches pass it over, its facet is missing: {_REINDEX}")


def wrong_reading_text(media_type: str, body: bytes, text: str) -> str:
    """Say what is wrong with the text that searches read; empty where it is what the body says."""
    if bare_type(media_type) == "application/pdf":
        if not text:  # of a file that was handed in nobody says what it reads
            return ""
        try:
            missing = words_not_printed(body, text)
        except ValueError as error:
            return f"its body cannot be read: {error}"
        return f"its reading text says {missing[0]!r}, its PDF does not" if missing else ""
    said = reading_text(media_type, body)
    if said is not None and not same_text(said, text):
        return "its reading text is not what its body says"
    return ""
