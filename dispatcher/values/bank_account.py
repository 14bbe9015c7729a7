"""Where money is paid to, and the codes and references by which a bank finds what it is for.

Sources: ISO 13616 (IBAN), ISO 11649 (creditor reference), EPC069-12 version 3 (SEPA code), Swiss Implementation
Guidelines QR-bill 2.3 (Swiss code and QR reference).
"""

import re
from dataclasses import dataclass

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_SEPA = re.compile(
    "AD|AT|BE|BG|CH|CY|CZ|DE|DK|EE|ES|FI|FR|GB|GI|GR|HR|HU|IE|IS|IT|LI|LT|LU|LV|MC|MT|NL|NO|PL|PT|RO|SE|SI|SK|SM|VA"
)
_SWISS = frozenset({"CH", "LI"})
_CARRY = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)  # modulo 10, recursive
_LONGEST_RF = 21  # characters of a reference behind RF and its check digits
# What the Swiss code may hold (guidelines 2.3, 4.1.1): Latin letters to U+017F, Ș ș Ț ț and the euro sign.
_SWISS_TEXT = re.compile("[ -~\u00a0-\u017f\u0218-\u021b\u20ac]*")
_LARGEST = 99_999_999_999  # minor units: 999,999,999.99, what both codes can say


@dataclass(frozen=True, kw_only=True, slots=True)
class BankAccount:
    """An account of a creditor; `iban` without spaces. The address is for Swiss codes, which want it."""

    holder: str
    iban: str
    bic: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""

    @property
    def is_swiss(self) -> bool:
        """Whether Swiss banks read its code."""
        return self.iban[:2] in _SWISS

    @property
    def wants_qr_reference(self) -> bool:
        """Whether it is a QR-IBAN, which takes QR references alone (institutions 30000 to 31999)."""
        return self.is_swiss and "30000" <= self.iban[4:9] <= "31999"


@dataclass(frozen=True, kw_only=True, slots=True)
class Payer:
    """Who pays, as the Swiss code names them; all of it but the street must be known."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str

    @property
    def can_be_coded(self) -> bool:
        """Whether nothing is missing and every character is one that the code may hold."""
        needed = (self.name, self.postal_code, self.city, self.country)
        return all(needed) and all(_SWISS_TEXT.fullmatch(text) for text in (*needed, self.street))


def iban_problem(iban: str) -> str | None:
    """What is wrong with an IBAN, None for one that may exist."""
    plain = iban.replace(" ", "").upper()
    if not _IBAN.fullmatch(plain):
        return f"{iban!r} is no IBAN: two letters, two check digits, then the account"
    return (
        None
        if _modulo_97(plain[4:] + plain[:4]) == 1
        else f"{iban!r} has a wrong digit: its checksum does not fit"
    )


def _modulo_97(text: str) -> int:
    return int("".join(str(int(char, 36)) for char in text)) % 97


def creditor_reference(text: str) -> str:
    """ISO 11649: RF, check digits, then a reference's letters and digits; empty where it has none or too many."""
    plain = "".join(char for char in text.upper() if char.isascii() and char.isalnum())
    if not plain or len(plain) > _LONGEST_RF:
        return ""
    return f"RF{98 - _modulo_97(plain + 'RF00'):02d}{plain}"


def qr_reference(text: str) -> str:
    """The Swiss QR reference: 26 digits and one check digit; empty where a reference is not of digits alone."""
    plain = "".join(char for char in text if char.isalnum())
    if not plain.isascii() or not plain.isdigit() or len(plain) > 26:
        return ""
    digits = plain.rjust(26, "0")
    return digits + check_digit(digits)


def check_digit(digits: str) -> str:
    """Modulo 10, recursive: the last digit of a QR reference."""
    carry = 0
    for digit in digits:
        carry = _CARRY[(carry + int(digit)) % 10]
    return str((10 - carry) % 10)


def reference_for(account: BankAccount, text: str) -> str:
    """The structured reference that goes with an account; empty where there is none."""
    return qr_reference(text) if account.wants_qr_reference else creditor_reference(text)


def grouped(text: str) -> str:
    """As banks print it: an IBAN or RF reference by fours, a QR reference by fives from its end."""
    if text.isdigit() and len(text) == 27:
        return " ".join([text[:2], *(text[at : at + 5] for at in range(2, 27, 5))])
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def payment_code(
    account: BankAccount, *, minor: int, currency: str, reference: str, payer: Payer | None = None
) -> str:
    """What the slip's code says, or nothing where no standard covers account, currency or amount.

    `payer` stands in Swiss codes alone, and there only where it can be coded.
    """
    if not 0 < minor <= _LARGEST:
        return ""
    if account.is_swiss and currency in {"CHF", "EUR"} and account.city and account.country:
        return _swiss(account, minor, currency, reference, payer)
    if currency == "EUR" and _SEPA.match(account.iban):
        return _sepa(account, minor, reference)
    return ""


def _amount(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def _line(text: str, most: int) -> str:
    return " ".join(text.split())[:most].strip()


def _sepa(account: BankAccount, minor: int, reference: str) -> str:
    lines = ("BCD", "002", "1", "SCT", account.bic, _line(account.holder, 70), account.iban,
             f"EUR{_amount(minor)}", "", reference)  # fmt: skip
    return "\n".join(lines).rstrip("\n")


def _swiss(account: BankAccount, minor: int, currency: str, reference: str, payer: Payer | None) -> str:
    if account.wants_qr_reference and not reference:
        return ""
    if not _SWISS_TEXT.fullmatch(f"{account.holder} {account.street} {account.postal_code} {account.city}"):
        return ""
    kind = "QRR" if account.wants_qr_reference else "SCOR" if reference else "NON"
    to = Payer(name=account.holder, street=account.street, postal_code=account.postal_code, city=account.city,
               country=account.country)  # fmt: skip
    lines = ("SPC", "0200", "1", account.iban, *_swiss_address(to), *[""] * 7, _amount(minor), currency,
             *_swiss_address(payer), kind, reference, "", "EPD")  # fmt: skip
    return "\n".join(lines)


def _swiss_address(party: Payer | None) -> tuple[str, ...]:
    """Seven fields of a structured address; the house number stands in its street, as the guidelines allow."""
    if party is None or not party.can_be_coded:
        return ("",) * 7
    return ("S", _line(party.name, 70), _line(party.street, 70), "", _line(party.postal_code, 16),
            _line(party.city, 35), party.country)  # fmt: skip
