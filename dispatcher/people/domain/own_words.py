"""What of a reply a person wrote: neither what their program quoted nor our own foot is theirs.

Quoting marks (`>`), the line that introduces a quotation, and the heads that mail programs put above the message they
answer are recognised in the languages of the program. Where nothing is left, the reply says nothing for certain.
"""

import re
from collections.abc import Collection, Iterator

_QUOTED = re.compile(r"^\s*>")
# "On Mon, 3 Nov 2026 at 10:00, Acme wrote:" may break over two lines
_WHO = r"[^\n]{0,160}(?:\n[^\n]{0,80})?"
_INTRODUCTIONS = re.compile(
    rf"^[ \t]*(?:on {_WHO}\bwrote|el {_WHO}\bescribió|le {_WHO}\ba écrit|am {_WHO}\bschrieb[^\n]*"
    rf"|em {_WHO}\bescreveu|il {_WHO}\bha scritto|op {_WHO}\bschreef[^\n]*)[ \t]*:[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_DIVIDERS = re.compile(
    r"^\s*-{2,}\s*(original message|mensaje original|mensagem original|message d'origine|ursprüngliche nachricht"
    r"|forwarded message|mensaje reenviado|messaggio originale|oorspronkelijk bericht)\s*-{2,}\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_HEAD = re.compile(
    r"^[ \t]*\**(?:from|de|von|da|van)\**[ \t]*:[^\n]*\n(?:[^\n]*\n){0,2}?"
    r"[ \t]*\**(?:sent|date|enviado(?: el)?|fecha|envoyé|gesendet|datum|data|inviato|verzonden)\**[ \t]*:[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")


def own_words(text: str, ours: Collection[str] = ()) -> str:
    """The text without what was quoted and without sentences of ours (each as `bare` gives it)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\n" in lines:  # of a single line the mark is a decoration
        lines = "\n".join(line for line in _above_quotation(lines).split("\n") if not _QUOTED.match(line))
    return _without_ours(lines, ours).strip() if ours else lines.strip()


def bare(sentence: str) -> str:
    """A sentence by its letters and digits alone, in small letters."""
    return "".join(char for char in sentence.casefold() if char.isalnum())


def _above_quotation(text: str) -> str:
    """What stands above the head of a quotation; of one that is quoted line by line the head alone is left out."""
    for head in sorted(_heads(text), key=lambda match: match.start(), reverse=True):
        below = text[head.end() :] if _is_marked(text, head.end()) else ""
        text = text[: head.start()] + below
    return text


def _heads(text: str) -> Iterator[re.Match[str]]:
    for pattern in (_DIVIDERS, _HEAD, _INTRODUCTIONS):
        yield from pattern.finditer(text)


def _is_marked(text: str, end: int) -> bool:
    """Whether the lines after a head carry quoting marks, which tell better where the quotation ends."""
    following = next((line for line in text[end:].split("\n") if line.strip()), "")
    return bool(_QUOTED.match(following))


def _without_ours(text: str, ours: Collection[str]) -> str:
    kept = (part for part in _SENTENCES.split(text) if bare(part) not in ours or not bare(part))
    return "\n".join(kept)
