"""The two papers and where the windows of their envelopes lie, in millimetres from the sheet's upper left."""

from dataclasses import dataclass

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
    part of it that name and address may use.
    """

    name: str
    css_size: str
    width: float
    height: float
    window: Box
    address: Box
    return_top: float  # the return address line, just above the window
    body_top: float  # where the letter's text begins on the first page


# DL and C5/6 with a DIN 680 window, 20 mm from the left and 45 mm high, sheet folded to 99 or 105 mm.
A4 = Paper(
    name="A4",
    css_size="210mm 297mm",
    width=210,
    height=297,
    window=Box(left=10, top=45, width=102, height=49),
    address=Box(left=25, top=53, width=80, height=32),
    return_top=38,
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
    return_top=44,
    body_top=96,
)


def paper_for(page_size: str, country: str) -> Paper:
    """The sender's own choice of paper (`A4` or `Letter`); with neither, what the debtor's country uses."""
    match page_size.strip().lower():
        case "a4":
            return A4
        case "letter":
            return LETTER
        case _:
            return LETTER if country.upper() in _LETTER_COUNTRIES else A4
