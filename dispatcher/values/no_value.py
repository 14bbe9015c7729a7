"""What programs write where there is no value: `nan`, `NULL`, `#N/A`; read as an empty cell, never as a name."""

from dispatcher.values.broken_text import is_broken

_NO_VALUE = frozenset(
    {
        "nan", "null", "(null)", "<null>", "[null]", "none", "<none>", "nil", "nat", "<na>", "n/a", "#n/a", "#na",
        "#null!", "#ref!", "#value!", "#name?", "#div/0!", "#num!", "#nv", "#bezug!", "#wert!", "undefined", "\\n",
        "(blank)", "[object object]",
    }
)  # fmt: skip
# The same as programs spell them: looked up as it stands, for millions of cells.
NO_VALUE_SPELLINGS = frozenset(
    {
        *_NO_VALUE,
        *(word.upper() for word in _NO_VALUE),
        *(word.title() for word in _NO_VALUE),
        "NaN",
        "NaT",
        "\\N",
    }
)
# Words that people type where a program wants a name.
_NOBODY = frozenset(
    {
        "na", "n.a.", "n.v.", "k.a.", "s/n", "unknown", "unbekannt", "desconocido", "sin nombre", "no name", "noname",
        "not available", "not provided", "keine angabe", "missing", "empty", "leer", "vacio", "vacío", "tbd", "tba",
    }
)  # fmt: skip


def why_no_name(text: str) -> str:
    """Why a text is nobody's name, for the person who mends the file; empty where it may be one."""
    word = " ".join(text.casefold().split())
    if word in _NO_VALUE or word in _NOBODY:
        return "is what programs write where there is no name"
    if is_broken(text):
        return "was decoded with the wrong encoding; export the file as UTF-8, or name its `encoding` in a mapping"
    if not any(map(str.isalpha, text)):
        return "holds no letter"
    return ""
