"""What a letter needs from an HTML-to-PDF engine, and which of the installed ones it gets."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.util import find_spec
from typing import Protocol

from markupsafe import Markup


class EngineMissingError(Exception):
    """Neither plutoprint nor WeasyPrint is installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QrCode:
    """A QR code as the engine wants it: an element for the page and rules for its style sheet."""

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

    def write(self, html: str, facts: DocumentFacts) -> bytes:
        """The finished PDF."""


@cache
def installed_engine() -> LetterEngine:
    """The faster plutoprint where it is installed, else WeasyPrint; raises EngineMissingError."""
    if find_spec("plutoprint") is not None:
        from dispatcher.rendering.letters.plutoprint_engine import PlutoprintEngine

        return PlutoprintEngine()
    if find_spec("weasyprint") is not None:
        from dispatcher.rendering.letters.weasyprint_engine import WeasyprintEngine

        return WeasyprintEngine()
    raise EngineMissingError("no engine for letters is installed: pip install 'debt-dispatcher[weasyprint]'")
