"""Letters and their inputs to try the layout on, with only what a test cares about spelt out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from html import escape
from typing import Any

from channels.kind import ChannelKind
from dispatcher.rulebook.letter_words import load_letter_words
from dispatcher.values.money import Money
from dispatcher.values.sender import Sender
from dispatcher.writing.domain.letter_words import LetterWords
from dispatcher.writing.domain.render_inputs import DebtorView, DebtView, RenderInputs
from dispatcher.writing.letter_text import LetterText
from tests.shared import ROOT

AS_OF = date(2026, 3, 2)
PAGE_WORDS = load_letter_words(ROOT / "config" / "letters")


def page_words(language: str) -> LetterWords | None:
    """What a letter's page says in a language tag; None where nobody has written it."""
    return PAGE_WORDS.get(language) or PAGE_WORDS.get(language.partition("-")[0])


MESSAGE_ID = "0195b4a2-7c11-7d3e-9a55-3f0c5b1e2d77"


def a_sender(**changes: Any) -> Sender:
    sender = Sender(
        key="acme",
        name="Acme Home Supplies",
        legal_name="Acme Home Supplies Ltd",
        role="original_creditor",
        creditor_name="Acme Home Supplies Ltd",
        contact_person="Robin Hale",
        contact_hours={"en": "Monday to Friday, 9:00 to 17:00"},
        phone="+44 20 7946 0018",
        email="accounts@acme.example",
        reply_to="accounts@acme.example",
        website="www.acme.example",
        address_lines=("14 Mill Lane",),
        postal_code="SW1A 1AA",
        city="London",
        region="",
        country="GB",
        payment_url="https://pay.acme.example/{debt_reference}",
        page_size="",
    )
    return replace(sender, **changes)


def a_debtor(**changes: Any) -> DebtorView:
    debtor = DebtorView(
        reference="D-1001",
        name="Ana Gómez Ruiz",
        language="en",
        country="GB",
        city="Leeds",
        postal_code="LS1 4AP",
        address_lines=("22 Park Row", "Flat 3"),
    )
    return replace(debtor, **changes)


def some_debts(count: int = 1, currency: str = "GBP") -> tuple[DebtView, ...]:
    return tuple(
        DebtView(
            reference=f"INV-2026-{n:04d}",
            balance=Money(12_450 + 731 * n, currency),
            original=Money(15_000 + 731 * n, currency),
            due_date=AS_OF - timedelta(days=7 * n),
            days_past_due=7 * n,
        )
        for n in range(1, count + 1)
    )


def some_inputs(**changes: Any) -> RenderInputs:
    debts: Sequence[DebtView] = changes.pop("debts", some_debts())
    inputs = RenderInputs(
        channel=ChannelKind.LETTER,
        step="first-reminder",
        kind="collection",
        as_of=AS_OF,
        debtor=a_debtor(),
        sender=a_sender(),
        debts=tuple(debts),
        total=Money(sum(debt.balance.minor for debt in debts), debts[0].balance.currency if debts else "GBP"),
        payment_url="https://pay.acme.example/INV-2026-0001",
    )
    return replace(inputs, **changes)


def a_letter(inputs: RenderInputs | None = None, **changes: Any) -> LetterText:
    inputs = inputs or some_inputs()
    body = (
        f"<p>Dear <bdi>{escape(inputs.debtor.name)}</bdi>,</p>"
        "<p>This may have slipped by: we have not yet received the payment shown below. If you have paid in the"
        " last few days, please ignore this letter.</p>"
        f"{amounts_table(inputs)}"
        "<p>If paying the whole amount at once is difficult, please get in touch. We can agree on smaller payments,"
        " and it costs nothing extra. If you think that the amount is not right, tell us and we will look into"
        " it before we write again.</p>"
        "<p>Kind regards,<br>Robin Hale<br>Acme Home Supplies Ltd</p>"
        '<section class="identity"><p>This message comes from Acme Home Supplies Ltd, 14 Mill Lane, SW1A 1AA London.'
        " Your contact: Robin Hale, +44 20 7946 0018, accounts@acme.example.</p>"
        "<p>Free and independent advice: StepChange, 0800 138 1111. If you no longer want letters from us, write"
        " to us or call us; it costs nothing but your call.</p></section>"
    )
    language = changes.pop("language", "en")
    letter = LetterText(
        title="Your account with Acme", body_html=body, language=language, words=page_words(language)
    )
    return replace(letter, **changes)


def a_spanish_letter() -> LetterText:
    body = (
        "<p>Estimada Ana:</p><p>Quizá se le pasó: todavía no hemos recibido el pago que indicamos abajo.</p>"
        '<section class="identity"><p>Este mensaje es de Acme Home Supplies Ltd.</p></section>'
    )
    return LetterText(title="Su cuenta con Acme", body_html=body, language="es", words=page_words("es"))


def amounts_table(inputs: RenderInputs) -> str:
    rows = "".join(
        f"<tr><td><bdi>{debt.reference}</bdi></td><td>{debt.due_date:%d %B %Y}</td>"
        f'<td class="number">{debt.balance.amount:,}</td></tr>'
        for debt in inputs.debts
    )
    return (
        '<table class="amounts"><caption>Your account</caption>'
        '<thead><tr><th>Reference</th><th>Due date</th><th class="number">Balance</th></tr></thead>'
        f"<tbody>{rows}</tbody>"
        f'<tfoot><tr><td>Total</td><td></td><td class="number">{inputs.total.amount:,}</td></tr></tfoot></table>'
    )
