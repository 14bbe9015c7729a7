"""The words of a letter's page: whether a language has them, and whether a PDF shows those of its text."""

import unicodedata

from babel import Locale, UnknownLocaleError

from dispatcher.writing.domain.letter_words import LetterWords
from dispatcher.writing.letter_text import LetterText
from dispatcher.writing.letters.reading import read_letter


class WordsError(ValueError):
    """A letter is in a language in which its page has nothing to say."""


def words_of(letter: LetterText) -> LetterWords:
    """What the page says in the letter's language; raises WordsError where nobody has written it yet."""
    if letter.words is None:
        raise WordsError(
            f"nobody has written yet what the page around a letter says in {_named(letter.language)}: add it to"
            " the words of letters in the configuration"
        )
    return letter.words


def _named(language: str) -> str:
    try:
        return Locale.parse(language, sep="-").get_display_name("en") or language
    except (UnknownLocaleError, ValueError):
        return repr(language)


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
