"""The style rules that differ from letter to letter: paper, window, the lines above and below each page."""

from markupsafe import Markup

from dispatcher.writing.letters.address import LINE_HEIGHT, AddressBlock
from dispatcher.writing.letters.fonts import families
from dispatcher.writing.letters.paper import Paper

_MARGIN_TOP, _MARGIN_RIGHT, _MARGIN_BOTTOM, _MARGIN_LEFT = 18, 20, 16, 25  # millimetres


def paper_css(paper: Paper, address: AddressBlock, returns: AddressBlock) -> Markup:
    """Page size and margins, and the heights that stack up to the window's place on the first page."""
    box = paper.address
    margins = f"{_MARGIN_TOP}mm {_MARGIN_RIGHT}mm {_MARGIN_BOTTOM}mm {_MARGIN_LEFT}mm"
    return Markup(  # noqa: S704  # numbers and escaped strings only
        f"\n@page {{ size: {paper.css_size}; margin: {margins}; }}"
        f"{font_css()}"
        f"\n.letterhead {{ height: {paper.returns.top - _MARGIN_TOP}mm; }}"
        f"\n.return-line {{ height: {box.top - paper.returns.top}mm; width: {paper.returns.width}mm;"
        f" padding-top: {paper.returns.height - returns.height:.2f}mm; margin-left: {box.left - _MARGIN_LEFT}mm;"
        f" font-size: {returns.size}pt; line-height: {LINE_HEIGHT}; }}"
        f"\n.window-row {{ height: {paper.body_top - box.top}mm; }}"
        f"\naddress {{ width: {box.width}mm; font-size: {address.size}pt; }}\n"
        f"{_RIGHT if paper.on_right else ''}"
    )


# The head gives way to a window on the right: all of it stands on the left.
_RIGHT = """
.letterhead { display: block; }
.sender { width: 70mm; }
.sender-contact { text-align: left; }
.window-row { flex-direction: row-reverse; }
"""


def font_css() -> Markup:
    """The fonts that a letter is set in, in order of preference."""
    return Markup(f"\nbody {{ font-family: {_font_list()}; }}")  # noqa: S704  # escaped strings only


def running_css(*, page: str, above: str, below: str, pages: int | None = None) -> Markup:
    """Page numbers (`page` holds {page} and {pages}), `below` at the foot, `above` from the second page on.

    `pages`: how many there are, where a page is added that the engine does not count.

    plutoprint applies `@page :first` margins to every page, but not its other rules.
    """
    style = f"font-family: {_font_list()}; font-size: 7.5pt; color: #4a515b;"
    return Markup(  # noqa: S704  # numbers and escaped strings only
        f"\n@page {{ @bottom-left {{ content: {css_string(below)}; {style} font-size: 6.5pt; }}"
        f" @bottom-right {{ content: {_page_number(page, pages)}; {style} }}"
        f" @top-left {{ content: {css_string(above)}; {style} }} }}"
        "\n@page :first { @top-left { content: none; } }\n"
    )


def _font_list() -> str:
    return ", ".join(css_string(name) for name in families())


def _page_number(wording: str, pages: int | None) -> str:
    before, _, rest = wording.partition("{page}")
    between, _, after = rest.partition("{pages}")
    count = "counter(pages)" if pages is None else css_string(str(pages))
    return f"{css_string(before)} counter(page) {css_string(between)} {count} {css_string(after)}"


def css_string(text: str) -> str:
    """A quoted CSS string; every character but ASCII letters and digits is written as its number."""
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text) + '"'
