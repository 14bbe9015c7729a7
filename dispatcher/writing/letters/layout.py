"""The page around a letter's text: window address, date and payment slip, as HTML for the engine."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path

import yaml
from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from dispatcher.values.bank_account import grouped, payment_code, reference_for
from dispatcher.values.logo import Logo
from dispatcher.values.postal_address import AddressProblem, normalise_address
from dispatcher.values.sender import Sender
from dispatcher.values.validation_period import VALIDATION
from dispatcher.writing.domain.letter_words import LetterWords
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.formats import date_text, locale_for, money_text
from dispatcher.writing.letter_text import LetterText
from dispatcher.writing.letters.address import AddressBlock
from dispatcher.writing.letters.bill import LANGUAGES, bill_for, drawn_code
from dispatcher.writing.letters.bill_font import bill_font_rules
from dispatcher.writing.letters.engine import LastPage, QrCode
from dispatcher.writing.letters.page_rules import font_css, paper_css, running_css
from dispatcher.writing.letters.paper import Paper
from dispatcher.writing.letters.words import words_of
from dispatcher.writing.untrusted import is_right_to_left, one_line

_IDENTITY = '<section class="identity"'
_PLAIN_BDI = re.compile(r"<bdi>([^<]*)</bdi>")
_LONGEST_QR = 600  # a denser code than this is hard to scan from 26 mm of paper


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The files of `_layouts` that make a letter's page, read and compiled once."""

    template: Template
    css: Markup
    bill: Template  # the Swiss payment part
    bill_css: Markup
    bill_words: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Slip:
    """What the payment slip says."""

    payee: str
    balance_label: str
    balance: str
    url: str
    account: tuple[tuple[str, str], ...] = ()  # what a bank wants to know, as label and value
    structured: bool = False  # whether a bank's own reference stands for ours
    code: str = ""  # what the code beside it says, empty for none
    code_is_bank: bool = False  # whether a bank's app reads it, else it is the link


def load_layout(folder: Path) -> Layout:
    """The layout in `folder`: `letter.html.jinja`, `letter.css`, and of the payment part also `bill_words.yaml`."""
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.globals = {"direction_of": _direction_of}

    def read(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    return Layout(
        template=environment.from_string(read("letter.html.jinja")),
        css=Markup(read("letter.css")),  # noqa: S704  # our own file
        bill=environment.from_string(read("bill.html.jinja")),
        bill_css=Markup(read("bill.css")),  # noqa: S704  # our own file
        bill_words=yaml.safe_load(read("bill_words.yaml")),
    )


@cache
def shipped_layout() -> Layout:
    """The layout that came with the program: packed in the wheel, else in the checkout."""
    package = Path(__file__).resolve().parents[2]
    packed = package / "_data" / "templates" / "_layouts"
    return load_layout(packed if packed.is_dir() else package.parent / "templates" / "_layouts")


def reference_of(inputs: RenderInputs) -> str:
    """What a reader quotes: the debt's reference, or the debtor's where there are several debts."""
    reference = inputs.asked[0].reference if len(inputs.asked) == 1 else inputs.debtor.reference
    return one_line(reference)


def code_of(inputs: RenderInputs) -> str:
    """What the slip's code says: the transfer, where a standard has a code for it, else the payment link."""
    if not _has_slip(inputs):
        return ""
    if transfer := _transfer_code(inputs):
        return transfer
    url = inputs.payment_url
    return url if url.startswith(("https://", "http://")) and len(url) <= _LONGEST_QR else ""


def _transfer_code(inputs: RenderInputs) -> str:
    account = inputs.sender.bank.get(inputs.total.currency)
    if account is None:
        return ""
    reference = reference_for(account, reference_of(inputs))
    return payment_code(
        account, minor=inputs.total.minor, currency=inputs.total.currency, reference=reference
    )


def _account_rows(inputs: RenderInputs, words: LetterWords) -> tuple[tuple[str, str], ...]:
    account = inputs.sender.bank.get(inputs.total.currency)
    if account is None:
        return ()
    rows = [("IBAN", grouped(account.iban))]
    rows += [("BIC", account.bic)] if account.bic else []
    reference = reference_for(account, reference_of(inputs))
    return (*rows, (words.pay_structured, grouped(reference))) if reference else tuple(rows)


def last_page(letter: LetterText, inputs: RenderInputs, layout: Layout, paper: Paper) -> LastPage | None:
    """The Swiss payment part, where the letter asks for money that a Swiss account takes."""
    account, reference = inputs.sender.bank.get(inputs.total.currency), reference_of(inputs)
    if not _has_slip(inputs) or account is None:
        return None
    bill = bill_for(account, inputs.total, reference_for(account, reference), inputs.debtor, paper)
    if bill is None:
        return None
    base = letter.language.partition("-")[0]
    language = base if base in LANGUAGES else "en"
    words = words_of(letter)
    element = layout.bill.render(
        bill=bill,
        words=layout.bill_words[language],
        language=language,
        code=drawn_code(bill.code),
        above=words.continued.format(sender=one_line(inputs.sender.name), reference=reference),
        pay_online=words.pay_online,
        url=inputs.payment_url,
    )
    css = Markup(bill_font_rules()) + layout.bill_css + font_css()  # noqa: S704  # names of our own files
    return LastPage(element=Markup(element), css=css)  # noqa: S704  # a template that escapes


def page_html(
    *,
    letter: LetterText,
    inputs: RenderInputs,
    layout: Layout,
    paper: Paper,
    address: AddressBlock,
    returns: AddressBlock,
    message_id: str,
    qr: QrCode | None,
    tight: bool = False,
    pages: int | None = None,
) -> str:
    """The whole letter as HTML, `tight` in smaller type.

    `pages`: where the slip is a page of its own, how many there are with it.

    Raises WordsError for a language without words.
    """
    words = words_of(letter)
    prose, mark, identity = _with_directions(letter.body_html).partition(_IDENTITY)
    above = words.continued.format(sender=one_line(inputs.sender.name), reference=reference_of(inputs))
    running = running_css(page=words.page, above=above, below=message_id, pages=pages)
    return layout.template.render(
        letter=letter,
        tight=tight,
        words=words,
        sender=inputs.sender,
        logo=_logo(inputs.sender.logo),
        sender_contact=_sender_contact(inputs.sender),
        return_lines=returns.lines,
        address=address,
        date=_date(inputs, letter.language),
        reference=reference_of(inputs),
        slip=_slip(inputs, words, letter.language) if pages is None else None,
        qr=qr,
        prose=Markup(prose),  # noqa: S704  # a safe fragment, see LetterText
        identity=Markup(mark + identity),  # noqa: S704  # the same
        css=layout.css + paper_css(paper, address, returns) + running + (qr.css if qr else ""),
    )


def _logo(logo: Logo | None) -> str:
    """The picture as an address that holds it: a letter fetches nothing."""
    return f"data:{logo.media_type};base64,{''.join(logo.encoded.split())}" if logo else ""


def return_line(sender: Sender) -> str:
    """The sender on one line, for the post to bring the letter back to."""
    address = normalise_address(
        sender.address_lines, sender.postal_code, sender.city, sender.region, sender.country
    )
    if isinstance(address, AddressProblem):  # printed as it stands in senders.yaml
        lines = (*sender.address_lines, f"{sender.postal_code} {sender.city}".strip())
    else:
        lines = (*address.lines, *address.town_lines)
    return " · ".join(one_line(part) for part in (sender.name, *lines) if part)


def _sender_contact(sender: Sender) -> list[str]:
    return [line for line in (sender.phone, sender.email, sender.website) if line]


def _direction_of(text: str) -> str:
    """The direction of the first letter that has one, as `dir="auto"` means it (plutoprint knows no auto)."""
    if not is_right_to_left(text):
        return "ltr"
    strong = next((kind for kind in map(unicodedata.bidirectional, text) if kind in {"L", "R", "AL"}), "L")
    return "ltr" if strong == "L" else "rtl"


def _with_directions(fragment: str) -> str:
    """Each plain `<bdi>` with the direction of its text."""
    return _PLAIN_BDI.sub(lambda m: f'<bdi dir="{_direction_of(unescape(m[1]))}">{m[1]}</bdi>', fragment)


def _date(inputs: RenderInputs, language: str) -> str:
    return date_text(inputs.as_of, locale_for(language, inputs.debtor.country))


def _has_slip(inputs: RenderInputs) -> bool:
    asks_for_it = inputs.asks and not inputs.arrangement and inputs.notice != VALIDATION
    return bool(inputs.debts) and inputs.total.minor > 0 and asks_for_it


def _slip(inputs: RenderInputs, words: LetterWords, language: str) -> Slip | None:
    if not _has_slip(inputs):
        return None
    locale = locale_for(language, inputs.debtor.country)
    return Slip(
        payee=_payee(inputs),
        balance_label=words.balance_on.format(date=date_text(inputs.balance_day, locale)),
        balance=money_text(inputs.total, locale),
        url=inputs.payment_url,
        account=_account_rows(inputs, words),
        structured=any(label == words.pay_structured for label, _ in _account_rows(inputs, words)),
        code=code_of(inputs),
        code_is_bank=bool(_transfer_code(inputs)),
    )


def _payee(inputs: RenderInputs) -> str:
    account = inputs.sender.bank.get(inputs.total.currency)
    return account.holder if account else inputs.sender.creditor_name
