"""Letters by plutoprint: fast, and confined to our own fonts and the bytes it is given."""

import io
import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from xml.sax.saxutils import escape

import plutoprint
from markupsafe import Markup

from dispatcher.writing.letters.catalogue import with_language, with_last_page
from dispatcher.writing.letters.engine import DocumentFacts, LastPage, QrCode
from dispatcher.writing.letters.font_faces import font_file, with_fonts
from dispatcher.writing.letters.fonts import faces
from dispatcher.writing.letters.page_rules import css_string

_CREATOR = "debt-dispatcher"
_first_use = Lock()


class _OnlyOurFonts(plutoprint.ResourceFetcher):
    """A letter is whole in itself: but for our fonts, whatever it asks for is an empty file, wherever it lies."""

    def fetch_url(self, url: str) -> plutoprint.ResourceData:
        if url.startswith("data:image/"):
            return super().fetch_url(url)
        font = font_file(url)
        return plutoprint.ResourceData(font or b"", "font/otf" if font else "application/octet-stream")


class PlutoprintEngine:
    """The engine's port, with plutoprint behind it."""

    def qr_code(self, text: str) -> QrCode:
        """Drawn by plutoprint itself, as vectors."""
        rule = f".qr::before {{ content: -pluto-qrcode({css_string(text)}); }}"
        return QrCode(element=Markup('<div class="qr"></div>'), css=Markup(rule))  # noqa: S704  # escaped above

    def write(self, html: str, facts: DocumentFacts, last: LastPage | None = None) -> bytes:
        """The finished PDF, with `last` behind it: a document of its own, as plutoprint knows no named pages."""
        with _first_use:
            _use_only_our_fonts()
        book = _book(with_fonts(html))
        for key, value in _metadata(facts):
            book.set_metadata(key, value)
        out = io.BytesIO()
        book.write_to_pdf_stream(out)
        if last is None:
            return with_language(out.getvalue(), facts.language)
        behind = io.BytesIO()
        _book(with_fonts(_LAST_PAGE.format(css=last.css, element=last.element))).write_to_pdf_stream(behind)
        return with_last_page(out.getvalue(), behind.getvalue(), facts.language)


_LAST_PAGE = (
    "<html><head><style>@page {{ size: 210mm 297mm; margin: 0; }} body {{ margin: 0; }}\n{css}</style></head>"
    "<body>{element}</body></html>"
)


def _book(html: str) -> plutoprint.Book:
    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4, plutoprint.PAGE_MARGINS_NONE)
    book.custom_resource_fetcher = _OnlyOurFonts()
    book.load_html(html)
    return book


def _metadata(facts: DocumentFacts) -> list[tuple[plutoprint.PDFMetadata, str]]:
    created = f"{facts.created_on.isoformat()}T00:00:00Z"
    return [
        (plutoprint.PDF_METADATA_TITLE, facts.title),
        (plutoprint.PDF_METADATA_AUTHOR, facts.author),
        (plutoprint.PDF_METADATA_KEYWORDS, facts.keywords),
        (plutoprint.PDF_METADATA_CREATOR, _CREATOR),
        (plutoprint.PDF_METADATA_CREATION_DATE, created),
        (plutoprint.PDF_METADATA_MODIFICATION_DATE, created),
    ]


@cache
def _use_only_our_fonts() -> None:
    """Show Fontconfig a configuration that knows no folder of the machine, and let it read that now.

    It reads once a process. The environment variable it is told by is put back, or programs that we start
    (a browser, a print spooler) would find no fonts.
    """
    before = os.environ.get("FONTCONFIG_PATH")
    with TemporaryDirectory(prefix="dispatcher-fonts-") as folder:
        Path(folder, "fonts.conf").write_text(_fontconfig(folder), encoding="utf-8")
        plutoprint.plutobook_set_fontconfig_path(folder)
        _book("<p>a</p>").write_to_pdf_stream(io.BytesIO())
    if before is None:
        os.unsetenv("FONTCONFIG_PATH")
    else:
        os.environ["FONTCONFIG_PATH"] = before


def _fontconfig(folder: str) -> str:
    """Our packages' folders, and in them our files alone.

    The globs are of names: a glob of a path fails when the path lies below the working folder.
    """
    paths = [face.path for face in faces()]
    folders = "".join(
        f"<dir>{escape(str(home))}</dir>" for home in dict.fromkeys(path.parent for path in paths)
    )
    accepted = "".join(f"<glob>*{escape(path.name)}</glob>" for path in paths)
    return (
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>'
        f"{folders}<cachedir>{escape(folder)}/cache</cachedir><config><rescan><int>0</int></rescan></config>"
        "<selectfont><rejectfont><glob>*.ttf</glob><glob>*.otf</glob></rejectfont>"
        f"<acceptfont>{accepted}</acceptfont></selectfont></fontconfig>"
    )
