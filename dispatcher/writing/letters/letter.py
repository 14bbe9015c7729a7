"""A letter as a print-ready PDF, or the one sentence that says why it is held."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import unescape
from textwrap import shorten
from typing import TypeVar

from dispatcher.values.postal_address import AddressProblem
from dispatcher.values.sender import Sender
from dispatcher.writing.domain.render_inputs import DebtorView, RenderInputs
from dispatcher.writing.letter_text import LetterText
from dispatcher.writing.letters.address import AddressBlock, fit_address, fit_return_line, window_lines
from dispatcher.writing.letters.engine import DocumentFacts, LastPage, LetterEngine, QrCode
from dispatcher.writing.letters.fonts import FontsMissingError, uncovered
from dispatcher.writing.letters.installed import EngineMissingError, installed_engine, tagging_engine
from dispatcher.writing.letters.layout import (
    Layout,
    code_of,
    last_page,
    page_html,
    return_line,
    shipped_layout,
)
from dispatcher.writing.letters.paper import Paper, paper_for
from dispatcher.writing.letters.reading import read_letter
from dispatcher.writing.letters.words import WordsError

_Made = TypeVar("_Made")
_MOST_CHARACTERS_NAMED = 5
_MOST_OF_WINDOW_SHOWN = 160
_WITH_BILL = 2  # pages that a letter has where its slip is a page of its own, but for long lists


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterPdf:
    """A finished letter: its bytes, number of pages, and its text as a PDF reader finds it."""

    pdf: bytes
    pages: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterProblem:
    """Why a letter must not be printed: the rule, and a sentence that says what to do."""

    rule: str
    message: str


class _HeldError(Exception):
    """Carries the problem out of the step that found it."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.problem = LetterProblem(rule=rule, message=message)


def render_letter(
    letter: LetterText,
    inputs: RenderInputs,
    *,
    message_id: str,
    layout: Layout | None = None,
    engine: LetterEngine | None = None,
) -> LetterPdf | LetterProblem:
    """Lay a letter out on the paper that its sender, else the debtor's country, uses.

    The same arguments give the same bytes: dates come from `inputs.as_of` and nothing is drawn by lot.
    `layout` and `engine` are the shipped and the installed ones unless given.
    """
    return _caught(
        lambda: _printed(
            _sheet(letter, inputs, message_id, layout or shipped_layout(), engine or _engine_for(inputs))
        )
    )


def check_letter(letter: LetterText, inputs: RenderInputs, *, message_id: str) -> LetterProblem | None:
    """What holds a letter before its pages are set, which is nine tenths of its cost: address and characters."""
    found = _caught(lambda: _sheet(letter, inputs, message_id, shipped_layout(), _engine_for(inputs)).html())
    return found if isinstance(found, LetterProblem) else None


def _engine_for(inputs: RenderInputs) -> LetterEngine:
    return tagging_engine() if inputs.sender.tagged_letters else installed_engine()


def _caught(make: Callable[[], _Made]) -> _Made | LetterProblem:
    try:
        return make()
    except _HeldError as held:
        return held.problem
    except (FontsMissingError, EngineMissingError, WordsError) as reason:
        return LetterProblem(rule="letter-layout", message=f"{str(reason)[:1].upper()}{str(reason)[1:]}.")


@dataclass(frozen=True, slots=True)
class _Sheet:
    letter: LetterText
    inputs: RenderInputs
    message_id: str
    layout: Layout
    engine: LetterEngine
    paper: Paper
    address: AddressBlock
    returns: AddressBlock
    qr: QrCode | None
    bill: LastPage | None  # the Swiss payment part, in place of the slip

    def html(self, *, tight: bool = False, pages: int = _WITH_BILL) -> str:
        """The page as the engine takes it, of so many `pages` where a bill is added.

        Raises _HeldError for characters that nothing prints.
        """
        html = _printable(
            page_html(
                letter=self.letter,
                inputs=self.inputs,
                layout=self.layout,
                paper=self.paper,
                address=self.address,
                returns=self.returns,
                message_id=self.message_id,
                qr=self.qr,
                tight=tight,
                pages=pages if self.bill else None,
            )
        )
        html = _broken_where_needed(html, self.letter)
        _hold_uncovered(html, self.inputs.debtor)
        return html

    def pdf(self, *, tight: bool) -> LetterPdf:
        """The pages, read back; raises _HeldError for what does not fit the envelope's window."""
        facts = _facts(self.letter, self.inputs, self.message_id)
        pdf = self.engine.write(self.html(tight=tight), facts, self.bill)
        found = read_letter(pdf, self.paper)
        if (
            self.bill and found.pages != _WITH_BILL
        ):  # the engine numbers the pages it makes, and adds the bill's after
            pdf = self.engine.write(self.html(tight=tight, pages=found.pages), facts, self.bill)
            found = read_letter(pdf, self.paper)
        _hold_odd_window(found.window, (*self.returns.lines, *self.address.lines))
        return LetterPdf(pdf=pdf, pages=found.pages, text=found.text)


def _sheet(
    letter: LetterText, inputs: RenderInputs, message_id: str, layout: Layout, engine: LetterEngine
) -> _Sheet:
    paper = paper_for(inputs.sender, inputs.debtor.country)
    address = _address(inputs.debtor, inputs.sender.country, paper)
    returns = _returns(inputs.sender, paper)
    bill = last_page(letter, inputs, layout, paper)
    code = "" if bill else code_of(inputs)
    qr = engine.qr_code(code) if code else None
    return _Sheet(letter, inputs, message_id, layout, engine, paper, address, returns, qr, bill)


def _printed(sheet: _Sheet) -> LetterPdf:
    loose = sheet.pdf(tight=False)
    if loose.pages == (_WITH_BILL if sheet.bill else 1):
        return loose
    tight = sheet.pdf(tight=True)
    return tight if tight.pages < loose.pages else loose


def _address(debtor: DebtorView, from_country: str, paper: Paper) -> AddressBlock:
    lines = window_lines(debtor, from_country)
    if isinstance(lines, AddressProblem):
        raise _HeldError(
            "postal-address",
            f"The postal address of {debtor.reference} is not fit for a letter: {lines.detail}."
            " Correct it in the portfolio or choose another channel.",
        )
    block = fit_address(lines, paper.address)
    if block is None:
        raise _HeldError(
            "postal-address",
            f"The address of {debtor.reference} does not fit the envelope's window ({len(lines)} lines, the"
            f" longest of {max(map(len, lines))} characters): shorten it in the portfolio.",
        )
    return block


def _returns(sender: Sender, paper: Paper) -> AddressBlock:
    block = fit_return_line(return_line(sender), paper.returns)
    if block is None:
        raise _HeldError(
            "envelope-window",
            f"The address of the sender {sender.key} does not fit the envelope's window on two lines: shorten its name"
            " or address_lines in senders.yaml.",
        )
    return block


def _printable(html: str) -> str:
    """Composed characters, so that no accent comes from another font than its letter.

    The non-breaking hyphen has a glyph in few fonts and looks like the ordinary one.
    """
    return unicodedata.normalize("NFC", html).replace("\N{NON-BREAKING HYPHEN}", "\N{HYPHEN}")


def _broken_where_needed(html: str, letter: LetterText) -> str:
    """A letter with a word that may be wider than its page breaks words anywhere; others never do."""
    words = unescape(_TAG.sub(" ", letter.body_html)).split()
    if max(map(len, words), default=0) <= _LONGEST_WORD:
        return html
    head, end, rest = html.partition("</head>")
    return f"{head}<style>p, li, dd {{ overflow-wrap: break-word; }}</style>{end}{rest}"


_TAG = re.compile(r"<[^>]*>")
_LONGEST_WORD = 50  # characters: of the widest letters they fill the narrower paper's line


def _hold_uncovered(html: str, debtor: DebtorView) -> None:
    missing = uncovered(unescape(html))
    if not missing:
        return
    named = ", ".join(f"{char} (U+{ord(char):04X})" for char in missing[:_MOST_CHARACTERS_NAMED])
    more = (
        f" and {len(missing) - _MOST_CHARACTERS_NAMED} more" if len(missing) > _MOST_CHARACTERS_NAMED else ""
    )
    raise _HeldError(
        "letter-font",
        f"No font at hand prints {named}{more} in {_place(missing, debtor)}: correct the text if it was read"
        " wrongly, else choose another channel.",
    )


def _place(missing: tuple[str, ...], debtor: DebtorView) -> str:
    places = {
        "the debtor's name": debtor.name,
        "the debtor's address": "".join(
            (*debtor.address_lines, debtor.city, debtor.region, debtor.postal_code)
        ),
    }
    found = [
        place for place, text in places.items() if set(missing) & set(unicodedata.normalize("NFC", text))
    ]
    return " and ".join(found) or "the letter's text"


def _facts(letter: LetterText, inputs: RenderInputs, message_id: str) -> DocumentFacts:
    return DocumentFacts(
        title=letter.title,
        author=inputs.sender.legal_name,
        keywords=message_id,
        language=letter.language,
        created_on=inputs.as_of,
    )


def _hold_odd_window(window: str, wanted: Iterable[str]) -> None:
    """Compared by count of letters and digits: right-to-left lines come back in the order of drawing."""
    if _characters(window) != _characters(" ".join(wanted)):
        shown = shorten(window, _MOST_OF_WINDOW_SHOWN, placeholder=" ...")
        raise _HeldError(
            "envelope-window",
            f"The envelope's window would not show the two addresses only, but {shown!r}: check the letter's"
            " layout for something wider than the page or too high.",
        )


def _characters(text: str) -> Counter[str]:
    return Counter(char for char in unicodedata.normalize("NFKC", text) if char.isalnum())
