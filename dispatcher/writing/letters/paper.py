"""The papers and where the windows of their envelopes lie, in millimetres from the sheet's upper left."""

from dataclasses import dataclass

from dispatcher.values.sender import Sender
from dispatcher.values.whereabouts import country_code

# Countries that print on US Letter (Unicode CLDR, paperSize); all others use A4.
_LETTER_COUNTRIES = frozenset(
    ("BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A rectangle."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """A sheet of paper with its envelope.

    `window` is all that may show through the envelope wherever the sheet slides inside it; `address` is the
    part of it that name and address may use, `returns` the part above for the sender's own address.
    """

    name: str
    css_size: str
    width: float
    height: float
    window: Box
    address: Box
    returns: Box
    body_top: float  # where the letter's text begins on the first page

    @property
    def on_right(self) -> bool:
        """Whether the address stands on the right half of the sheet."""
        return self.address.left > self.width / 2


# DL and C5/6 with a DIN 680 window, 20 mm from the left and 45 mm high, sheet folded to 99 or 105 mm: the field of
# DIN 5008 form B, 45 to 90 mm from the top.
A4 = Paper(
    name="A4",
    css_size="210mm 297mm",
    width=210,
    height=297,
    window=Box(left=10, top=45, width=102, height=49),
    address=Box(left=25, top=54, width=80, height=32),
    returns=Box(left=25, top=47.4, width=80, height=5.8),
    body_top=98,
)

# SN 010130 with the address on the right: C5/6 with a window of 100 by 45 mm, 12 mm from the right and 20 mm from the
# bottom, sheet folded to 99 mm.
A4_RIGHT = Paper(
    name="A4",
    css_size="210mm 297mm",
    width=210,
    height=297,
    window=Box(left=98, top=34, width=112, height=60),
    address=Box(left=118, top=53, width=72, height=26.8),
    returns=Box(left=118, top=46.4, width=72, height=5.8),
    body_top=98,
)

# US #10 with the standard left window: 7/8 in from the left, 1/2 in from the bottom, 4 1/2 by 1 1/8 in.
LETTER = Paper(
    name="Letter",
    css_size="215.9mm 279.4mm",
    width=215.9,
    height=279.4,
    window=Box(left=0, top=51, width=137, height=42),
    address=Box(left=25, top=61, width=84, height=29),
    returns=Box(left=25, top=54.4, width=84, height=5.8),
    body_top=96,
)

_RIGHT_WINDOWS = frozenset(("CH", "LI"))


def paper_for(sender: Sender, country: str) -> Paper:
    """The paper that the sender chose, else that of the debtor's country; its window is where the sender posts."""
    size = sender.page_size.strip().lower()
    if size == "letter" or (size != "a4" and country.upper() in _LETTER_COUNTRIES):
        return LETTER
    usual = "right" if country_code(sender.country) in _RIGHT_WINDOWS else "left"
    return A4_RIGHT if (sender.window or usual) == "right" else A4
