"""What an SMS costs: the sender's price a segment, by the debtor's country."""

from decimal import Decimal, InvalidOperation

from dispatcher.values.sender import Sender


def sms_price(sender: Sender, country: str, segments: int) -> str | None:
    """`0.0166 USD` for two segments; None where the sender's entry names no price for the country."""
    amount, _, currency = sender.sms_cost.get(country, "").partition(" ")
    try:
        each = Decimal(amount)
    except InvalidOperation:
        return None
    return f"{each * segments} {currency}".strip()
