"""A letter's pages as pictures, for people who check them before they go to print."""

import io

from PIL import Image, ImageDraw

from dispatcher.writing.letters.paper import Box
from dispatcher.writing.letters.reading import opened, paper_of

_WINDOW_COLOUR = (43, 108, 176)
_MM_PER_INCH = 25.4


def letter_pages_as_png(pdf: bytes, dpi: int, *, show_window: bool = False) -> list[bytes]:
    """Each page as a PNG; `show_window` outlines on the first what the envelope's window may show."""
    with opened(pdf) as document:
        pages = [page.render(scale=dpi / 72).to_pil() for page in document]
        window = paper_of(document[0]).window
    if show_window:
        _outline(pages[0], window, dpi)
    return [_png(page) for page in pages]


def _outline(page: Image.Image, box: Box, dpi: int) -> None:
    scale = dpi / _MM_PER_INCH
    corners = (box.left * scale, box.top * scale, box.right * scale, box.bottom * scale)
    ImageDraw.Draw(page).rounded_rectangle(
        corners, radius=3 * scale, outline=_WINDOW_COLOUR, width=max(1, round(dpi / 100))
    )


def _png(page: Image.Image) -> bytes:
    out = io.BytesIO()
    page.save(out, format="PNG", optimize=False)
    return out.getvalue()
