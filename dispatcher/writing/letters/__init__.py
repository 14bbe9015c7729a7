"""Letters: a page around the text, laid out for the envelope's window, written as a PDF."""

from dispatcher.writing.letters.letter import LetterPdf, LetterProblem, check_letter, render_letter
from dispatcher.writing.letters.reading import window_text

__all__ = ["LetterPdf", "LetterProblem", "check_letter", "render_letter", "window_text"]
