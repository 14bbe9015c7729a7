"""Money as whole minor units with its currency: exact to add, safe to store."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

# ISO 4217 minor units where they are not two.
ODD_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def exponent(currency: str) -> int:
    """Digits after the decimal point of a currency (ISO 4217)."""
    return ODD_EXPONENTS.get(currency, 2)


def minor_units(amount: Decimal | str | int, currency: str) -> int:
    """A decimal amount in the currency's smallest unit; raises ValueError when it is finer than that."""
    try:
        scaled = Decimal(amount).scaleb(exponent(currency))
    except InvalidOperation:
        raise ValueError(f"{amount!r} is not an amount") from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency} knows")
    return int(scaled)


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount: `minor` counts the currency's smallest unit (cents)."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> "Money":
        """Money from a decimal amount; raises ValueError when it is finer than the currency's unit."""
        return cls(minor_units(amount, currency), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in the currency's main unit, with its full number of decimals."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + Money(-other.minor, other.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
