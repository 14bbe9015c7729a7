"""What a person was offered before: by it an offer that returns shows no last day, or is not made again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dispatcher.values.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlementOffer:
    """The part of the balance that ends the debts. `valid_until` None: it comes again on the same terms."""

    amount: Money
    percent: Decimal
    valid_until: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferedBefore:
    """A settlement that a message, or a call (`message_id` None), offered on a day."""

    message_id: str | None
    on: date
    settlement: SettlementOffer


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What the person was offered and promised before."""

    broken_promises: int = 0
    settlement_offered_on: date | None = None
    settlement: SettlementOffer | None = None

    def returns(self, amount: Money, on: date) -> bool:
        """Whether the same was offered on a day before: a last day of it would not be true."""
        before = self.settlement_offered_on
        return before is not None and before < on and self._is_same(amount)

    def said_on(self, amount: Money, on: date) -> bool:
        """Whether the same was offered on that very day: whoever says it again says the same last day."""
        return self.settlement_offered_on == on and self._is_same(amount)

    def _is_same(self, amount: Money) -> bool:
        return self.settlement is not None and self.settlement.amount == amount


def past_among(
    before: Iterable[OfferedBefore], on: date, *, without: str = "", broken_promises: int = 0
) -> Past:
    """The past as it counts on a day; `before` is in order, `without` the message that asks."""
    counting = [one for one in before if one.on <= on and (not without or one.message_id != without)]
    if not counting:
        return Past(broken_promises=broken_promises)
    return Past(
        broken_promises=broken_promises,
        settlement_offered_on=counting[-1].on,
        settlement=counting[-1].settlement,
    )
