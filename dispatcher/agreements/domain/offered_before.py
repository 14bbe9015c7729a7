"""What a person was offered before: by it an offer that returns shows no last day, or is not made again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dispatcher.values.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlementOffer:
    """The part of the balance that ends the debts. `valid_until` None: it comes again on the same terms.

    A discount for prompt payment is one whose last day is near: there it always has one, and `off`.
    """

    amount: Money
    percent: Decimal
    valid_until: date | None
    off: Decimal | None = None  # per cent, of a discount for prompt payment


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferedBefore:
    """A settlement or a discount that a message, or a call (`message_id` None), offered on a day for some debts."""

    message_id: str | None
    on: date
    debts: frozenset[int]
    total: Money  # what was owed on them
    settlement: SettlementOffer

    def stands_on(self, on: date) -> bool:
        """Whether its last day has not passed."""
        until = self.settlement.valid_until
        return until is None or until >= on


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What the person was offered and promised before."""

    broken_promises: int = 0
    settlement_offered_on: date | None = None
    settlement: SettlementOffer | None = None
    discounts: tuple[OfferedBefore, ...] = ()  # for prompt payment, the oldest first

    def returns(self, amount: Money, on: date) -> bool:
        """Whether the same was offered on a day before: a last day of it would not be true."""
        before = self.settlement_offered_on
        return before is not None and before < on and self._is_same(amount)

    def said_on(self, amount: Money, on: date) -> bool:
        """Whether the same was offered on that very day: whoever says it again says the same last day."""
        return self.settlement_offered_on == on and self._is_same(amount)

    def settlement_stands_on(self, on: date) -> bool:
        """Whether the last settlement that was offered can still be taken."""
        return self.settlement is not None and (
            self.settlement.valid_until is None or self.settlement.valid_until >= on
        )

    def _is_same(self, amount: Money) -> bool:
        return self.settlement is not None and self.settlement.amount == amount


def past_among(
    before: Iterable[OfferedBefore], on: date, *, without: str = "", broken_promises: int = 0
) -> Past:
    """The past as it counts on a day; `before` is in order, `without` the message that asks."""
    counting = [one for one in before if one.on <= on and (not without or one.message_id != without)]
    settlements = [one for one in counting if one.settlement.off is None]
    last = settlements[-1] if settlements else None
    return Past(
        broken_promises=broken_promises,
        settlement_offered_on=last.on if last else None,
        settlement=last.settlement if last else None,
        discounts=tuple(one for one in counting if one.settlement.off is not None),
    )
