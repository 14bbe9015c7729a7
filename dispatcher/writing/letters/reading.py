"""Reads a finished letter back, as a print house or an auditor's program would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import pypdfium2

from dispatcher.writing.letters.paper import A4, A4_RIGHT, LETTER, Box, Paper

_POINTS_PER_MM = 72 / 25.4
_HYPHEN_AT_LINE_END = "\x02"  # pdfium's way of joining a word it takes to be divided; we divide none
pdfium_lock = Lock()  # pdfium is not made for several threads


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadLetter:
    """What a reader finds. `window` is the text behind the envelope's window, of the first page."""

    pages: int
    text: str
    window: str


def read_letter(pdf: bytes, paper: Paper | None = None) -> ReadLetter:
    """Pages, text and the text behind the window; raises ValueError for bytes that are no letter of ours.

    `paper` is found out where it is not given.
    """
    with opened(pdf) as document:
        texts = [_text(page) for page in document]
        first = document[0]
        window = _text(first, (paper or paper_of(first)).window)
        return ReadLetter(pages=len(texts), text="\n".join(texts), window=window)


@contextmanager
def opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """The document, closed afterwards, while no other thread reads one."""
    with pdfium_lock:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as reason:
            raise ValueError(f"these {len(pdf)} bytes are not a PDF that can be read: {reason}") from None
        try:
            yield document
        finally:
            document.close()


def paper_of(page: pypdfium2.PdfPage) -> Paper:
    """The paper of a first page, by its width and by where the sender's address stands."""
    width = page.get_width()
    paper = min((A4, LETTER), key=lambda one: abs(one.width * _POINTS_PER_MM - width))
    return A4_RIGHT if paper is A4 and _text(page, A4_RIGHT.returns).strip() else paper


def _text(page: pypdfium2.PdfPage, box: Box | None = None) -> str:
    reader = page.get_textpage()
    try:
        raw = reader.get_text_bounded(**_bounds(page, box)) if box else reader.get_text_bounded()
    finally:
        reader.close()
    return str(raw).replace("\r\n", "\n").replace(_HYPHEN_AT_LINE_END, "-\n")


def _bounds(page: pypdfium2.PdfPage, box: Box) -> dict[str, float]:
    height = page.get_height()
    return {
        "left": box.left * _POINTS_PER_MM,
        "right": box.right * _POINTS_PER_MM,
        "top": height - box.top * _POINTS_PER_MM,
        "bottom": height - box.bottom * _POINTS_PER_MM,
    }
