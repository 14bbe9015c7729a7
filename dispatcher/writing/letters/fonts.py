"""The fonts a letter may use: all from packages, none from the machine, and which characters they cover."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_NEEDS_NO_GLYPH = {"Cc", "Cf", "Zs", "Zl", "Zp"}
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_BROKEN = "\N{REPLACEMENT CHARACTER}"  # has a glyph, but only says that a name was read wrongly


@dataclass(frozen=True, kw_only=True, slots=True)
class Face:
    """One font file. `weight` is CSS's; `family` is the name that the style sheet asks for."""

    family: str
    path: Path
    weight: int = 400
    italic: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Package:
    module: str
    folder: str
    family: str
    files: Mapping[str, tuple[int, bool]]  # file name: weight, italic


# In order of preference for a character that several cover.
_PACKAGES = (
    _Package(
        module="font_source_sans_pro",  # Latin, Greek, Cyrillic
        folder="files",
        family="Source Sans Pro",
        files={
            "SourceSansPro-Regular.ttf": (400, False),
            "SourceSansPro-It.ttf": (400, True),
            "SourceSansPro-Semibold.ttf": (600, False),
        },
    ),
    _Package(
        module="fontpkg_ibm_plex_sans_arabic",
        folder="files",
        family="IBM Plex Sans Arabic",
        files={"IBMPlexSansArabic-Regular.ttf": (400, False), "IBMPlexSansArabic-SemiBold.ttf": (600, False)},
    ),
    _Package(
        module="pylopdf_fonts_he",
        folder="",
        family="Noto Sans Hebrew",
        files={"NotoSansHebrew-Variable.ttf": (400, False)},
    ),
)

# Large, and wanted by few letters: each is read only for a letter with a character that those above lack. One face
# serves all of Han: a name is legible in it, in the shapes that are usual in China.
_ON_DEMAND = (
    _Package(
        module="pylopdf_fonts_hi",
        folder="",
        family="Noto Sans Devanagari",
        files={"NotoSansDevanagari-Variable.ttf": (400, False)},
    ),
    _Package(
        module="pylopdf_fonts_th",
        folder="",
        family="Noto Sans Thai",
        files={"NotoSansThai-Variable.ttf": (400, False)},
    ),
    _Package(
        module="pylopdf_fonts_zh_cn",  # Han, kana, and common symbols
        folder="",
        family="Noto Sans SC",
        files={"NotoSansSC-Regular.otf": (400, False)},
    ),
    _Package(
        module="pylopdf_fonts_ko",  # Hangul
        folder="",
        family="Noto Sans KR",
        files={"NotoSansKR-Regular.otf": (400, False)},
    ),
)


class FontsMissingError(Exception):
    """No packaged font is installed."""


@cache
def faces() -> tuple[Face, ...]:
    """Every font file at hand; raises FontsMissingError when a package of ours is not installed."""
    return tuple(face for package in _PACKAGES for face in _faces_of(package))


def all_faces() -> tuple[Face, ...]:
    """Those always at hand, and those read on demand."""
    return faces() + _on_demand()


def families() -> tuple[str, ...]:
    """The families' names in order of preference, as the style sheet lists them."""
    names = [face.family for face in faces()] + [package.family for package in _ON_DEMAND]
    return tuple(dict.fromkeys(names))


def faces_on_demand(text: str) -> tuple[Face, ...]:
    """The further font files that a text needs, each once; none where the fonts always at hand print it all."""
    missing = set(_unprintable(text))
    wanted: list[Face] = []
    for face in _on_demand() if missing else ():
        covered = missing & _widths(face.path).keys()
        if covered:
            wanted.append(face)
            missing -= covered
    return tuple(wanted)


def uncovered(text: str) -> tuple[str, ...]:
    """The characters of `text`, each once and in order, that no font at hand can print."""
    return tuple(char for char in _unprintable_chars(text) if _width_on_demand(ord(char)) is None)


def text_width(text: str, size: float) -> float:
    """The width of one line in the unit of `size`, from the regular faces' advances (kerning left out)."""
    known = _advances()
    return size * sum(known.get(ord(char)) or _width_on_demand(ord(char)) or 0.0 for char in text)


def _unprintable(text: str) -> list[int]:
    return [ord(char) for char in _unprintable_chars(text)]


def _unprintable_chars(text: str) -> list[str]:
    known = _advances()
    return [char for char in dict.fromkeys(text) if ord(char) not in known and _needs_glyph(char)]


def _width_on_demand(point: int) -> float | None:
    """The width of a character that the fonts always at hand lack; None where no other has it either."""
    if point in _advances() or not _needs_glyph(chr(point)) or chr(point) == _BROKEN:
        return None
    return next((_widths(face.path)[point] for face in _on_demand() if point in _widths(face.path)), None)


@cache
def _on_demand() -> tuple[Face, ...]:
    return tuple(face for package in _ON_DEMAND for face in _faces_of(package))


def _faces_of(package: _Package) -> list[Face]:
    spec = find_spec(package.module)
    if spec is None or not spec.submodule_search_locations:
        raise FontsMissingError(
            f"the font package {package.module} is not installed: install debt-dispatcher again"
        )
    folder = Path(spec.submodule_search_locations[0]) / package.folder
    return [
        Face(family=package.family, path=folder / name, weight=weight, italic=italic)
        for name, (weight, italic) in package.files.items()
    ]


def _needs_glyph(char: str) -> bool:
    return char == _BROKEN or not (
        unicodedata.category(char) in _NEEDS_NO_GLYPH or ord(char) in _VARIATION_SELECTORS
    )


@cache
def _advances() -> Mapping[int, float]:
    """Width of each covered character as a share of the type size; the first family that has it counts."""
    merged: dict[int, float] = {}
    for face in faces():
        if face.weight == 400 and not face.italic:
            merged = {**_advances_of(face.path), **merged}
    merged.pop(ord(_BROKEN), None)
    return merged


@cache
def _widths(path: Path) -> Mapping[int, float]:
    """Width of each character of a font that is read on demand."""
    return _advances_of(path)


def _advances_of(path: Path) -> dict[int, float]:
    from fontTools.ttLib import TTFont  # 60 ms to import, needed once a process

    with TTFont(path, lazy=True) as font:
        units = font["head"].unitsPerEm
        widths = font["hmtx"].metrics
        return {point: widths[glyph][0] / units for point, glyph in font.getBestCmap().items()}
