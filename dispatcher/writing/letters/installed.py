"""Which of the installed engines letters get."""

from functools import cache
from importlib.util import find_spec

from dispatcher.writing.letters.engine import LetterEngine


class EngineMissingError(Exception):
    """Neither plutoprint nor WeasyPrint is installed, or not the one that a sender's letters want."""


@cache
def installed_engine() -> LetterEngine:
    """The faster plutoprint where it is installed, else WeasyPrint; raises EngineMissingError."""
    if find_spec("plutoprint") is not None:
        from dispatcher.writing.letters.plutoprint_engine import PlutoprintEngine

        return PlutoprintEngine()
    if find_spec("weasyprint") is not None:
        from dispatcher.writing.letters.weasyprint_engine import WeasyprintEngine

        return WeasyprintEngine()
    raise EngineMissingError("no engine for letters is installed: pip install 'debt-dispatcher[weasyprint]'")


@cache
def tagging_engine() -> LetterEngine:
    """WeasyPrint, which alone writes a structure tree; raises EngineMissingError."""
    if find_spec("weasyprint") is None:
        raise EngineMissingError(
            "this sender's letters are to be tagged (`tagged_letters`), for which WeasyPrint is not installed:"
            " pip install 'debt-dispatcher[weasyprint]'"
        )
    from dispatcher.writing.letters.weasyprint_engine import WeasyprintEngine

    return WeasyprintEngine(tagged=True)
