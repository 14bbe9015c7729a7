"""Writes into a finished PDF what its engine leaves out: the language, that viewers show the title, a last page."""

import io
import re

from pypdf import PdfReader, PdfWriter
from pypdf.generic import BooleanObject, DictionaryObject, NameObject, TextStringObject

_LAST_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")


def with_language(pdf: bytes, language: str) -> bytes:
    """`pdf` with an incremental update that adds `/Lang`; its first bytes stay as they are.

    The file must end in a cross-reference stream (PDF 1.5 and later). Done by hand because pypdf's own
    incremental writer reads every object first and takes as long as the page's whole layout.
    """
    reader = PdfReader(io.BytesIO(pdf))
    root = reader.root_object
    number = int(reader.trailer.raw_get("/Root").idnum)
    catalogue = DictionaryObject(root)
    catalogue[NameObject("/Lang")] = TextStringObject(language)
    catalogue[NameObject("/ViewerPreferences")] = DictionaryObject(
        {NameObject("/DisplayDocTitle"): BooleanObject(value=True)}
    )
    body = io.BytesIO()
    body.write(b"\n%d 0 obj\n" % number)
    catalogue.write_to_stream(body)
    body.write(b"\nendobj\n")
    return pdf + body.getvalue() + _cross_references(pdf, reader, number, len(pdf) + len(body.getvalue()))


def with_last_page(pdf: bytes, behind: bytes, language: str) -> bytes:
    """`pdf` with the one page of `behind` after its own, in `language`; the same bytes for the same."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.add_page(PdfReader(io.BytesIO(behind)).pages[0])
    writer.root_object[NameObject("/Lang")] = TextStringObject(language)
    writer.root_object[NameObject("/ViewerPreferences")] = DictionaryObject(
        {NameObject("/DisplayDocTitle"): BooleanObject(value=True)}
    )
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _cross_references(pdf: bytes, reader: PdfReader, number: int, position: int) -> bytes:
    """A cross-reference stream (ISO 32000-1, 7.5.8) of two entries: the new catalogue and itself."""
    previous = _LAST_START.search(pdf)
    if previous is None:
        raise ValueError("the PDF does not end in startxref and %%EOF")
    own = int(reader.trailer.raw_get("/Size"))
    info = int(reader.trailer.raw_get("/Info").idnum)
    entries = _entry(len(pdf) + 1) + _entry(position)
    header = b"<< /Type /XRef /Size %d /Root %d 0 R /Info %d 0 R /Prev %s" % (
        own + 1,
        number,
        info,
        previous.group(1),
    )
    shape = b"/W [1 4 2] /Index [%d 1 %d 1] /Length %d >>" % (number, own, len(entries))
    return b"%d 0 obj\n%s %s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        own,
        header,
        shape,
        entries,
        position,
    )


def _entry(offset: int) -> bytes:
    return b"\x01" + offset.to_bytes(4, "big") + b"\x00\x00"
