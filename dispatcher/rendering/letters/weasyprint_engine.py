"""Letters by WeasyPrint, for machines that plutoprint has no build for: the same HTML, some ten times slower."""

import io
from functools import cache
from typing import Any

import segno
import weasyprint
from markupsafe import Markup
from weasyprint.text.fonts import FontConfiguration

from dispatcher.rendering.letters.engine import DocumentFacts, QrCode
from dispatcher.rendering.letters.fonts import faces

_FONT_SCHEME = "letter-font:"


class WeasyprintEngine:
    """The engine's port, with WeasyPrint behind it."""

    def qr_code(self, text: str) -> QrCode:
        """Drawn by segno, as an SVG in the page."""
        out = io.BytesIO()
        segno.make_qr(text, error="m").save(out, kind="svg", border=0, xmldecl=False, omitsize=True)
        return QrCode(element=Markup('<div class="qr">{}</div>').format(Markup(out.getvalue().decode())))

    def write(self, html: str, facts: DocumentFacts) -> bytes:
        """The finished PDF."""
        fonts, sheet = _fonts()
        document = weasyprint.HTML(string=html, base_url=None, url_fetcher=_only_our_fonts).render(
            stylesheets=[sheet], font_config=fonts
        )
        _describe(document.metadata, facts)
        pdf = document.write_pdf(pdf_identifier=facts.keywords.encode())
        if pdf is None:
            raise RuntimeError("WeasyPrint wrote no PDF")
        return bytes(pdf)


def _describe(metadata: Any, facts: DocumentFacts) -> None:
    created = f"{facts.created_on.isoformat()}T00:00:00Z"
    metadata.title, metadata.authors = facts.title, [facts.author]
    metadata.keywords, metadata.generator = [facts.keywords], "debt-dispatcher"
    metadata.created = metadata.modified = created
    metadata.lang = facts.language


def _only_our_fonts(url: str, **_: Any) -> dict[str, Any]:
    if url.startswith(_FONT_SCHEME):
        face = faces()[int(url.removeprefix(_FONT_SCHEME))]
        return {"string": face.path.read_bytes(), "mime_type": "font/ttf"}
    raise ValueError("a letter fetches nothing from outside")


@cache
def _fonts() -> tuple[FontConfiguration, weasyprint.CSS]:
    rules = "".join(
        f"@font-face {{ font-family: '{face.family}'; src: url('{_FONT_SCHEME}{number}');"
        f" font-weight: {face.weight}; font-style: {'italic' if face.italic else 'normal'} }}\n"
        for number, face in enumerate(faces())
    )
    fonts = FontConfiguration()
    return fonts, weasyprint.CSS(string=rules, url_fetcher=_only_our_fonts, font_config=fonts)
