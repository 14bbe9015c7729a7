"""`config/charges/*.yaml` -> statutory charges: dated, cited, and claimed only for whom `senders.yaml` names one."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from dispatcher.rulebook.yaml_file import YamlFile, read_yaml
from dispatcher.values.charges import Charge, FixedSum, Rate
from dispatcher.values.interest import DayCount
from dispatcher.values.money import Money

_TEXT = {"type": "string", "minLength": 1}
_DECIMAL = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}
_DAY = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
_LINK = {"type": "string", "pattern": "^https://"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "name",
        "title",
        "reference",
        "link",
        "valid_from",
        "status",
        "verified",
        "day_count",
        "rates",
    ],
    "properties": {
        "name": {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_-]*$"},
        "title": _TEXT,
        "reference": _TEXT,
        "link": _LINK,
        "valid_from": {},
        "status": {"enum": ["law", "guidance", "policy"]},
        "verified": {"enum": ["official", "secondary", "unverified"]},
        "day_count": {"enum": [count.value for count in DayCount]},
        "cap_percent": _DECIMAL,
        "rate_stays": {"type": "boolean"},
        "half_years": {"type": "boolean"},
        "debt_types": {"type": "array", "items": _TEXT, "minItems": 1},
        "rates": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["valid_from", "percent", "source"],
                "properties": {"valid_from": {}, "percent": _DECIMAL, "source": _TEXT},
            },
        },
        "fixed": {
            "type": "object",
            "propertyNames": {"pattern": "^[A-Z]{3}$"},
            "additionalProperties": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["amount"],
                    "properties": {"amount": _DECIMAL, "from": _DECIMAL},
                },
            },
        },
    },
}


def load_charges(directory: Path) -> tuple[Charge, ...]:
    """All statutes of the folder; raises ConfigError naming file, line and key."""
    return tuple(_charge(read_yaml(path)) for path in sorted(directory.glob("*.yaml")))


def _charge(file: YamlFile) -> Charge:
    file.validate(SCHEMA)
    data = file.data
    rates = tuple(
        Rate(
            valid_from=_day(file, ("rates", i, "valid_from"), each["valid_from"]),
            percent=Decimal(each["percent"]),
            source=each["source"],
        )
        for i, each in enumerate(data["rates"])
    )
    if [rate.valid_from for rate in rates] != sorted({rate.valid_from for rate in rates}):
        raise file.error(("rates",), "each rate follows the one before it by its valid_from")
    cap = Decimal(data["cap_percent"]) if "cap_percent" in data else None
    for i, rate in enumerate(rates):
        if cap is not None and rate.percent > cap:
            raise file.error(
                ("rates", i, "percent"), f"{rate.percent} is above the cap of {cap} that stands beside it"
            )
    return Charge(
        name=data["name"],
        title=data["title"],
        reference=data["reference"],
        link=data["link"],
        valid_from=_day(file, ("valid_from",), data["valid_from"]),
        day_count=DayCount(data["day_count"]),
        rates=rates,
        fixed={currency: _sums(currency, sums) for currency, sums in data.get("fixed", {}).items()},
        cap_percent=cap,
        rate_stays=data.get("rate_stays", False),
        half_years=data.get("half_years", False),
        status=data["status"],
        debt_types=frozenset(data.get("debt_types", ())),
    )


def _sums(currency: str, written: list[dict[str, str]]) -> tuple[FixedSum, ...]:
    sums = [
        FixedSum(
            amount=Money.of(one["amount"], currency),
            from_amount=Money.of(one["from"], currency) if "from" in one else None,
        )
        for one in written
    ]
    return tuple(sorted(sums, key=lambda one: one.from_amount.minor if one.from_amount else 0))


def _day(file: YamlFile, where: tuple[str | int, ...], value: Any) -> date:
    if not isinstance(value, date):
        raise file.error(where, f"{value!r} is not a day; write it as 2026-01-01")
    return value
