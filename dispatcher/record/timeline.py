"""Draws a person's timeline as one page that needs nothing else, in HTML and as a PDF."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from dispatcher.record.domain.timeline import TimelineItem
from dispatcher.writing.letters.engine import DocumentFacts, LetterEngine
from dispatcher.writing.letters.fonts import uncovered

_COUNTED = (
    ("sent", "sent"),
    ("good", "delivered"),
    ("bad", "in trouble"),
    ("kept", "kept back"),
    ("reply", "replies"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelinePage:
    """What a page shows. `texts` and `files`: a body's SHA-256 -> its reading text, its file in the bundle."""

    title: str
    lead: str
    items: Sequence[TimelineItem]
    texts: Mapping[str, str]
    files: Mapping[str, str]
    to_position: int
    seal: int
    written: datetime


def timeline_html(page: TimelinePage) -> str:
    """Return the page as HTML."""
    tones = Counter(item.tone for item in page.items)
    return _template().render(
        title=page.title,
        lead=page.lead,
        items=page.items,
        texts=page.texts,
        files=page.files,
        counts=[(name, tones[tone]) for tone, name in _COUNTED],
        to_position=page.to_position,
        seal=page.seal,
        written=f"{page.written:%Y-%m-%d %H:%M} UTC",
    )


def timeline_pdf(page: TimelinePage, engine: LetterEngine) -> bytes:
    """Return the page as PDF; what no font can print stands as its code point, as in [U+1F600]."""
    html = timeline_html(page)
    missing = uncovered(html)
    for char in missing:
        html = html.replace(char, f"[U+{ord(char):04X}]")
    facts = DocumentFacts(
        title=page.title,
        author="debt-dispatcher",
        keywords=f"position {page.to_position}, seal {page.seal}",
        language="en",
        created_on=page.written.date(),
    )
    return engine.write(html, facts)


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("timeline.html.jinja")
