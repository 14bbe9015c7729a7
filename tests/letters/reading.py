"""Looks into finished letters with programs that did not make them."""

import io
import unicodedata
from dataclasses import dataclass

import pypdf
import pypdfium2


@dataclass(frozen=True, kw_only=True, slots=True)
class PdfFont:
    family: str
    embedded: bool


def page_texts(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document]


def fonts_of(pdf: bytes) -> list[PdfFont]:
    fonts = []
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        for reference in page["/Resources"]["/Font"].values():
            font = reference.get_object()
            font = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            descriptor = font["/FontDescriptor"]
            fonts.append(
                PdfFont(
                    family=font["/BaseFont"].partition("+")[2],
                    embedded=any(f"/FontFile{suffix}" in descriptor for suffix in ("", "2", "3")),
                )
            )
    return fonts


def char_positions(pdf: bytes, word: str) -> list[list[float]]:
    """For each place of `word` on the first page, the left edges of its letters in reading order."""
    reader = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    text = "".join(
        unicodedata.normalize("NFKC", reader.get_text_range(index, 1) or " ")[:1]
        for index in range(reader.count_chars())
    )
    starts = [at for at in range(len(text)) if text.startswith(word, at)]
    return [[reader.get_charbox(at + n)[0] for n in range(len(word))] for at in starts]


def type_size(pdf: bytes, word: str) -> float:
    """The size in points in which `word` is set where it first stands."""
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    sizes = []

    def visit(text, matrix, text_matrix, _font, size):
        if word in text:
            sizes.append(round(size * abs(text_matrix[0] or matrix[0]) * 2) / 2)

    page.extract_text(visitor_text=visit)
    return sizes[0]


def line_box(pdf: bytes, line: str) -> tuple[float, float, float, float]:
    """Where a line's ink first stands on the first page: left, top, right, bottom in millimetres from its upper left."""
    page = pypdfium2.PdfDocument(pdf)[0]
    reader = page.get_textpage()
    text = "".join(reader.get_text_range(index, 1) or " " for index in range(reader.count_chars()))
    at = text.index(line)
    boxes = [reader.get_charbox(at + n) for n, char in enumerate(line) if char != " "]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    height, mm = page.get_height(), 25.4 / 72
    return min(lefts) * mm, (height - max(tops)) * mm, max(rights) * mm, (height - min(bottoms)) * mm
