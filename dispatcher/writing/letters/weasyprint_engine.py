"""Letters by WeasyPrint, where plutoprint has no build: the same HTML, some ten times slower."""

import io
from collections.abc import Mapping
from functools import cache
from html import unescape
from typing import Any

import segno
import weasyprint
from fontTools.ttLib import TTFont
from markupsafe import Markup
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from dispatcher.writing.letters.engine import DocumentFacts, QrCode
from dispatcher.writing.letters.font_faces import font_file, font_rules
from dispatcher.writing.letters.fonts import Face, faces, faces_on_demand

_LTR_ISOLATE, _RTL_ISOLATE, _POP = "\u2066", "\u2067", "\u2069"


class WeasyprintEngine:
    """The engine's port, with WeasyPrint behind it."""

    def qr_code(self, text: str) -> QrCode:
        """Drawn by segno, as an SVG in the page."""
        out = io.BytesIO()
        segno.make_qr(text, error="m").save(out, kind="svg", border=0, xmldecl=False, omitsize=True)
        drawing = Markup(out.getvalue().decode())  # noqa: S704  # shapes only
        return QrCode(element=Markup('<div class="qr">{}</div>').format(drawing), css=Markup(""))

    def write(self, html: str, facts: DocumentFacts) -> bytes:
        """The finished PDF."""
        fonts, sheet = _fonts(faces_on_demand(unescape(html)))
        document = weasyprint.HTML(
            string=_with_isolates(html), base_url=None, url_fetcher=_OnlyOurFonts()
        ).render(stylesheets=[sheet], font_config=fonts)
        _describe(document.metadata, facts)
        pdf = document.write_pdf(pdf_identifier=facts.keywords.encode(), finisher=_date_fonts)
        if pdf is None:
            raise RuntimeError("WeasyPrint wrote no PDF")
        return bytes(pdf)


def _describe(metadata: Any, facts: DocumentFacts) -> None:
    created = f"{facts.created_on.isoformat()}T00:00:00Z"
    metadata.title, metadata.authors = facts.title, [facts.author]
    metadata.keywords, metadata.generator = [facts.keywords], "debt-dispatcher"
    metadata.created = metadata.modified = created
    metadata.lang = facts.language


def _date_fonts(_: weasyprint.Document, pdf: Any) -> None:
    """Give every font in the letter its own date: WeasyPrint writes the second in which it made the subset."""
    for entry in pdf.objects:
        if "Length1" in getattr(entry, "extra", {}):  # what a stream that holds a font must say
            font = TTFont(io.BytesIO(entry.stream[0]), recalcTimestamp=False)
            font["head"].modified = font["head"].created
            dated = io.BytesIO()
            font.save(dated)
            entry.stream, entry.extra["Length1"] = [dated.getvalue()], len(dated.getvalue())


class _OnlyOurFonts(URLFetcher):  # type: ignore[misc]  # WeasyPrint carries no types
    """Hands out our font files under names of our own, and nothing else."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002
        font = font_file(url)
        if font is None:
            raise ValueError("a letter fetches nothing from outside")
        return URLFetcherResponse(url, font)


def _with_isolates(html: str) -> str:
    """WeasyPrint ignores `unicode-bidi`; the Unicode isolates do the same work."""
    for direction, isolate in (("ltr", _LTR_ISOLATE), ("rtl", _RTL_ISOLATE)):
        tag = f'<bdi dir="{direction}">'
        html = html.replace(tag, tag + isolate)
    return html.replace("</bdi>", f"{_POP}</bdi>")


@cache
def _fonts(further: tuple[Face, ...]) -> tuple[FontConfiguration, weasyprint.CSS]:
    fonts = FontConfiguration()
    rules = font_rules(faces() + further)
    return fonts, weasyprint.CSS(string=rules, url_fetcher=_OnlyOurFonts(), font_config=fonts)
