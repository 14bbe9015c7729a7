"""Letters by WeasyPrint, where plutoprint has no build or a screen reader is to read them: ten times slower."""

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

from dispatcher.writing.letters.engine import DocumentFacts, LastPage, QrCode
from dispatcher.writing.letters.font_faces import font_file, font_rules
from dispatcher.writing.letters.fonts import Face, faces, faces_on_demand

_LTR_ISOLATE, _RTL_ISOLATE, _POP = "\u2066", "\u2067", "\u2069"


class WeasyprintEngine:
    """The engine's port, with WeasyPrint behind it; `tagged` writes PDF/UA-1, which screen readers can follow."""

    def __init__(self, *, tagged: bool = False) -> None:
        self._variant = "pdf/ua-1" if tagged else None

    def qr_code(self, text: str) -> QrCode:
        """Drawn by segno, as an SVG in the page."""
        out = io.BytesIO()
        segno.make_qr(text, error="m", encoding="utf-8").save(
            out, kind="svg", border=0, xmldecl=False, omitsize=True, title="QR"
        )
        drawing = Markup(out.getvalue().decode())  # noqa: S704  # shapes only
        return QrCode(element=Markup('<div class="qr">{}</div>').format(drawing), css=Markup(""))

    def write(self, html: str, facts: DocumentFacts, last: LastPage | None = None) -> bytes:
        """The finished PDF, with `last` behind it."""
        html = _with_last(html, last) if last else html
        fonts, sheet = _fonts(faces_on_demand(unescape(html)))
        document = weasyprint.HTML(
            string=_with_isolates(html), base_url=None, url_fetcher=_OnlyOurFonts()
        ).render(stylesheets=[sheet], font_config=fonts)
        _describe(document.metadata, facts)
        pdf = document.write_pdf(
            pdf_identifier=facts.keywords.encode(), finisher=_date_fonts, pdf_variant=self._variant
        )
        if pdf is None:
            raise RuntimeError("WeasyPrint wrote no PDF")
        return bytes(pdf)


_LAST_PAGE = """@page last { size: 210mm 297mm; margin: 0;
  @top-left { content: none; } @bottom-left { content: none; } @bottom-right { content: none; } }
.last-page { page: last; break-before: page; }
"""


def _with_last(html: str, last: LastPage) -> str:
    html = html.replace("</head>", f"<style>{_LAST_PAGE}{last.css}</style></head>", 1)
    return html.replace("</body>", f'<div class="last-page">{last.element}</div></body>', 1)


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
    """Hands out our font files under names of our own and what stands in the page itself, and nothing else."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        font = font_file(url)
        if font is None and url.startswith("data:image/"):
            return super().fetch(url, headers)
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
