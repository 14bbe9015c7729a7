"""The Swiss payment part with its receipt: which letters get one, and what it says.

Source: Swiss Implementation Guidelines QR-bill 2.3 and the Style Guide QR-bill (sizes, type, languages). Made here and
not with the library qrbill, whose receipts set 10 points where the style guide wants 8, so that long names run over
the line between the parts.
"""

import io
from dataclasses import dataclass

import segno
from markupsafe import Markup

from dispatcher.values.bank_account import BankAccount, Payer, grouped, payment_code
from dispatcher.values.money import Money
from dispatcher.writing.domain.render_inputs import DebtorView
from dispatcher.writing.letters.paper import LETTER, Paper
from dispatcher.writing.untrusted import one_line

LANGUAGES = ("de", "fr", "it")  # and English for every other


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """What the slip says, as it is printed; `payer` is empty where the reader is to write it down."""

    iban: str
    payee: tuple[str, ...]
    payer: tuple[str, ...]
    reference: str
    currency: str
    amount: str
    code: str


def bill_for(
    account: BankAccount | None, total: Money, reference: str, debtor: DebtorView, paper: Paper
) -> Bill | None:
    """The slip; None where the account is not Swiss, the currency not one of the slip's, or the paper not A4."""
    if account is None or not account.is_swiss or paper is LETTER:
        return None
    payer = payer_of(debtor)
    code = payment_code(account, minor=total.minor, currency=total.currency, reference=reference, payer=payer)
    if not code:
        return None
    return Bill(
        iban=grouped(account.iban),
        payee=(account.holder, account.street, f"{account.postal_code} {account.city}".strip()),
        payer=_lines(payer) if payer.can_be_coded else (),
        reference=grouped(reference),
        currency=total.currency,
        amount=f"{total.amount:,.2f}".replace(",", " "),
        code=code,
    )


def payer_of(debtor: DebtorView) -> Payer:
    """The debtor as the code names them."""
    return Payer(
        name=one_line(debtor.name),
        street=one_line(", ".join(line for line in debtor.address_lines if line)),
        postal_code=one_line(debtor.postal_code),
        city=one_line(debtor.city),
        country=debtor.country,
    )


def _lines(payer: Payer) -> tuple[str, ...]:
    lines = (payer.name, payer.street, f"{payer.postal_code} {payer.city}")
    return tuple(line for line in lines if line)


def drawn_code(text: str) -> Markup:
    """The code as shapes, at the level that the guidelines fix (M) and in UTF-8."""
    out = io.BytesIO()
    code = segno.make_qr(text, error="m", boost_error=False, encoding="utf-8")
    code.save(out, kind="svg", border=0, xmldecl=False, omitsize=True, title="QR")
    return Markup(out.getvalue().decode())  # noqa: S704  # shapes only
