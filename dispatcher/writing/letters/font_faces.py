"""Names the fonts that one letter needs beside those always at hand, and hands out their files."""

from functools import cache
from html import unescape
from pathlib import Path

from dispatcher.writing.letters.bill_font import bill_font_file
from dispatcher.writing.letters.fonts import Face, all_faces, faces_on_demand

_SCHEME = "letter-font:"
_HEAD_END = "</head>"


def with_fonts(html: str) -> str:
    """The page with a rule for each further font that its characters need; the page itself where they need none."""
    wanted = faces_on_demand(unescape(html))
    if not wanted:
        return html
    head, end, rest = html.partition(_HEAD_END)
    return f"{head}<style>{font_rules(wanted)}</style>{end}{rest}"


def font_rules(wanted: tuple[Face, ...]) -> str:
    """A rule a face, whose file is asked for by a name of ours."""
    return "".join(
        f"@font-face {{ font-family: '{face.family}'; src: url('{_SCHEME}{face.path.name}');"
        f" font-weight: {face.weight}; font-style: {'italic' if face.italic else 'normal'} }}\n"
        for face in wanted
    )


def font_file(url: str) -> bytes | None:
    """The file that a rule names; None for any other address."""
    if (bill := bill_font_file(url)) is not None:
        return bill
    path = _files().get(url.removeprefix(_SCHEME)) if url.startswith(_SCHEME) else None
    return None if path is None else _read(path)


@cache
def _files() -> dict[str, Path]:
    return {face.path.name: face.path for face in all_faces()}


@cache
def _read(path: Path) -> bytes:
    """Kept for the process: a desk that writes to one such name writes to more."""
    return path.read_bytes()
