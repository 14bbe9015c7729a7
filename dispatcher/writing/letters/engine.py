"""What a letter needs from an HTML-to-PDF engine."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from markupsafe import Markup


@dataclass(frozen=True, kw_only=True, slots=True)
class QrCode:
    """A QR code as the engine wants it: an element for the page and rules for its style sheet."""

    element: Markup
    css: Markup


@dataclass(frozen=True, kw_only=True, slots=True)
class LastPage:
    """A page behind the letter that is printed to its edges, without running lines: A4."""

    element: Markup
    css: Markup


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentFacts:
    """What the PDF says about itself."""

    title: str
    author: str
    keywords: str
    language: str
    created_on: date


class LetterEngine(Protocol):
    """Turns a page of HTML into a PDF. The same HTML and facts give the same bytes; nothing is fetched."""

    def qr_code(self, text: str) -> QrCode:
        """A QR code that holds `text`."""

    def write(self, html: str, facts: DocumentFacts, last: LastPage | None = None) -> bytes:
        """The finished PDF, with `last` behind it."""
