"""Other people's text made harmless for one line of any medium, without changing what a reader sees.

Control characters, line breaks and directional overrides are dropped or become a space: they are invisible and
could only disturb the words around them. Everything visible stays as it is, Markdown, HTML and Jinja included.
"""

import re

_LINE_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
# C0, C1, soft hyphen and zero-width no-break space, bidi marks, embeddings, overrides and isolates, tag characters.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_RIGHT_TO_LEFT = re.compile(
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)

FIRST_STRONG_ISOLATE = "\u2068"
POP_DIRECTIONAL_ISOLATE = "\u2069"


def one_line(text: str) -> str:
    """The text on one line, without control characters and directional overrides."""
    if text.isascii() and text.isprintable():
        return text
    text = _INVISIBLE.sub("", _LINE_BREAKS.sub(" ", text))
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def invisible(text: str) -> str:
    """The first invisible character of a text that `one_line` would drop; empty where there is none."""
    found = None if text.isascii() and text.isprintable() else _INVISIBLE.search(text)
    return found[0] if found else ""


def is_right_to_left(text: str) -> bool:
    """Whether any letter of the text is written from right to left."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def isolated(text: str) -> str:
    """The text so that its direction does not spill over onto its neighbours, in a medium of plain Unicode."""
    if is_right_to_left(text):
        return FIRST_STRONG_ISOLATE + text + POP_DIRECTIONAL_ISOLATE
    return text
