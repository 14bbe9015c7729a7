"""`config/costs.yaml` -> what a message costs, by channel."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from dispatcher.rulebook.yaml_file import read_table
from dispatcher.treatment.domain.outcomes import Prices
from dispatcher.values.iso_codes import CURRENCIES

CHANNELS = ("email", "sms", "letter", "call")
_PRICE = {"type": "string", "pattern": r"^\d+(\.\d+)? [A-Z]{3}$"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(CHANNELS, _PRICE),
}


def load_costs(path: Path) -> Prices:
    """Channel -> (amount, currency); a channel that is not named has no known cost. Raises ConfigError."""
    file = read_table(path, SCHEMA)
    prices: dict[str, tuple[Decimal, str]] = {}
    for channel, written in file.data.items():
        amount, currency = written.split()
        if currency not in CURRENCIES:
            raise file.error((channel,), f"{currency!r} is no currency (ISO 4217)")
        prices[channel] = (Decimal(amount), currency)
    return prices
