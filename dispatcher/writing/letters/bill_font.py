"""The font of the Swiss payment part, whose style guide names the faces that it may be set in.

Arimo has the outlines of Liberation Sans, one of those, under its maker's own name. It comes as one file of all
weights, of which plutoprint draws the lightest: so both weights are made from it, once a process, with the letters
that the part may hold.
"""

import io
from functools import cache
from importlib.resources import files

FAMILY = "Arimo"
_SCHEME = "bill-font:"
_WEIGHTS = (400, 700)
_HELD = (*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x218, 0x21C), 0x20AC)


def bill_font_rules() -> str:
    """A rule for each weight, whose file is asked for by a name of ours."""
    return "".join(
        f"@font-face {{ font-family: '{FAMILY}'; src: url('{_SCHEME}{weight}'); font-weight: {weight} }}\n"
        for weight in _WEIGHTS
    )


def bill_font_file(url: str) -> bytes | None:
    """The file that a rule names; None for any other address."""
    return next((_made(weight) for weight in _WEIGHTS if url == f"{_SCHEME}{weight}"), None)


@cache
def _made(weight: int) -> bytes:
    from fontTools.subset import Options, Subsetter  # dear to import, and few letters need it
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    source = io.BytesIO((files("fontpkg_arimo") / "files" / "Arimo[wght].ttf").read_bytes())
    font = TTFont(source, recalcTimestamp=False)
    keep = Subsetter(Options(layout_features=["kern"], notdef_outline=True))
    keep.populate(unicodes=_HELD)
    keep.subset(font)
    font = instantiateVariableFont(font, {"wght": weight}, updateFontNames=True)
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
