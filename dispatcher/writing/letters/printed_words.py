"""Holds the text that searches read of a letter against what its PDF shows."""

import unicodedata

from dispatcher.writing.letters.reading import read_letter


def words_not_printed(body: bytes, text: str) -> list[str]:
    """List the words of a text that its PDF does not show.

    Only words in Latin letters and digits are looked for: shaped scripts do not come back letter by letter.
    Raises ValueError where the PDF cannot be read.
    """
    printed = _plain(read_letter(body).text)
    return [word for word in text.split() if (plain := _plain(word)).isascii() and plain not in printed]


def _plain(text: str) -> str:
    """Letters and digits alone, without accents: line ends, hyphens and ligatures do not count."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())
