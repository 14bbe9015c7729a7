"""The words of a letter, before they are laid out on paper."""

from dataclasses import dataclass

from dispatcher.writing.domain.letter_words import LetterWords


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterText:
    """What the page layout puts between the address window and the payment slip.

    `body_html` is a safe fragment: debtor data in it is escaped, right-to-left data stands in `<bdi>`.
    It holds only `p h2 h3 ul ol li strong em br hr blockquote a bdi`, `table.amounts` and
    `table.instalments` (each with `caption`, `thead`, `tbody`, `tfoot`, number cells `td.number`), and at its
    end one `<section class="identity">` with who writes and what the law wants said. The layout itself adds
    the window address, return address, date, the title as heading, the payment slip and page numbers.
    """

    title: str  # the heading and the document's title; plain text
    body_html: str
    language: str  # BCP 47, of the text: `es-MX`
    direction: str = "ltr"  # or rtl
    words: LetterWords | None = None  # what the page says around it; without them it is held
