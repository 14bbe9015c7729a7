"""`config/offers/*.yaml` -> what may be offered, in order of the file names: the first that matches takes it."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from dispatcher.agreements.domain.offer_terms import (
    OfferMatch,
    OfferTerms,
    PlanTerms,
    PromiseTerms,
    PromptPaymentTerms,
    SettlementTerms,
    Watch,
)
from dispatcher.agreements.domain.plan_interest import InterestCap, InterestTerms
from dispatcher.agreements.domain.schedules import MOST_PAYMENTS, Frequency
from dispatcher.rulebook.interest_caps import load_interest_caps
from dispatcher.rulebook.strategy_match import MATCH_COLUMNS, check_segments, match_values
from dispatcher.rulebook.yaml_file import ConfigError, YamlFile, read_yaml
from dispatcher.values.interest import DayCount

_NAME = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_-]*$"}
_TEXTS = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_DECIMAL = {
    "oneOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?$"}, {"type": "integer", "minimum": 0}],
}
_PERCENT = {
    "oneOf": [
        {"type": "string", "pattern": r"^\d{1,3}(\.\d+)?$"},
        {"type": "number", "minimum": 0, "maximum": 100},
    ],
}
_DAYS = {"type": "integer", "minimum": 0, "maximum": 3650}
_COUNT = {"type": "integer", "minimum": 1, "maximum": MOST_PAYMENTS}
_AMOUNTS = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": "^[A-Z]{3}$"},
    "additionalProperties": _DECIMAL,
}
_WATCH = {"grace_days": _DAYS, "threshold_percent": _PERCENT}
_RANGE = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {"min": _DECIMAL, "max": _DECIMAL},
}


def _part(required: list[str], properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": {**properties, **_WATCH},
    }


SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": _NAME,
        "description": {"type": "string"},
        "match": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(MATCH_COLUMNS, _TEXTS),
                "balance": _RANGE,
                "days_past_due": {
                    "type": "object",
                    "additionalProperties": False,
                    "minProperties": 1,
                    "properties": {"min": {"type": "integer"}, "max": {"type": "integer"}},
                },
            },
        },
        "promises": _part(["most_days"], {"most_days": _DAYS, "most_broken": _DAYS}),
        "plans": _part(
            ["frequencies", "most_payments"],
            {
                "frequencies": {
                    "type": "array",
                    "minItems": 1,
                    "uniqueItems": True,
                    "items": {"enum": [frequency.value for frequency in Frequency]},
                },
                "most_payments": _COUNT,
                "most_days": _DAYS,
                "first_within_days": _DAYS,
                "least_payment": _AMOUNTS,
                "least_down_payment_percent": _PERCENT,
                "buffer_percent": _PERCENT,
                "broken_after_days": _DAYS,
                "interest": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["percent", "day_count", "booked_by"],
                    "properties": {
                        "percent": {"type": "string", "pattern": r"^\d{1,3}(\.\d+)?$"},
                        "day_count": {"enum": [count.value for count in DayCount]},
                        "booked_by": {"type": "string", "minLength": 1, "maxLength": 200},
                    },
                },
            },
        ),
        "settlements": _part(
            ["least_percent", "valid_days"],
            {
                "least_percent": _PERCENT,
                "least_amount": _AMOUNTS,
                "valid_days": {**_DAYS, "minimum": 1},
                "instalments_allowed": {"oneOf": [{"type": "boolean"}, _COUNT]},
                "needs_approval_below_percent": _PERCENT,
                "not_again_within_days": _DAYS,
                "broken_after_days": _DAYS,
            },
        ),
        "prompt_payment": _part(
            ["percent", "within_days"],
            {
                "percent": _PERCENT,
                "within_days": {**_DAYS, "minimum": 1},
                "not_again_within_days": _DAYS,
                "broken_after_days": _DAYS,
            },
        ),
        "unknown_limitation_after_days": {
            "type": "object",
            "propertyNames": {"pattern": "^[A-Z]{2}$"},
            "additionalProperties": _DAYS,
        },
    },
}


def load_offers(
    directory: Path, segments: Collection[str] | None = None, caps: Path | None = None
) -> tuple[OfferTerms, ...]:
    """All files of the folder; an empty or missing one lets nothing be offered. Raises ConfigError.

    `segments` are the names that a match may ask for; None: whichever. `caps` is the file of what interest on plans is
    known to be allowed, `interest_caps.yaml` beside the folder unless it is named.
    """
    files = [read_yaml(path) for path in sorted(directory.glob("*.yaml"))]
    allowed = load_interest_caps(caps or directory.with_name("interest_caps.yaml"))
    found = tuple(_terms(file, allowed) for file in files)
    for file in files:
        check_segments(file, segments)
    names = [terms.name for terms in found]
    for file, name in zip(files, names, strict=True):
        if names.count(name) > 1:
            raise ConfigError(f"{file.path}:1: name: {name!r} is the name of another file of offers too")
    return found


def _terms(file: YamlFile, caps: tuple[InterestCap, ...]) -> OfferTerms:
    file.validate(SCHEMA)
    data = file.data
    return OfferTerms(
        name=data["name"],
        match=_match(file, data.get("match", {})),
        promises=_promises(data["promises"]) if "promises" in data else None,
        plans=_plans(file, data["plans"], caps) if "plans" in data else None,
        settlements=_settlements(file, data["settlements"]) if "settlements" in data else None,
        prompt_payment=_prompt_payment(file, data["prompt_payment"]) if "prompt_payment" in data else None,
        unknown_limitation_after_days=data.get("unknown_limitation_after_days", {}),
    )


def _match(file: YamlFile, data: Mapping[str, Any]) -> OfferMatch:
    balance, days = data.get("balance", {}), data.get("days_past_due", {})
    return OfferMatch(
        equals={key: match_values(file, key, data[key]) for key in MATCH_COLUMNS if key in data},
        balance_min=_decimal(balance.get("min")),
        balance_max=_decimal(balance.get("max")),
        days_past_due_min=days.get("min"),
        days_past_due_max=days.get("max"),
    )


def _watch(data: Mapping[str, Any]) -> Watch:
    return Watch(
        grace_days=data.get("grace_days", 0),
        threshold_percent=_percent(data.get("threshold_percent", 100)),
        broken_after_days=data.get("broken_after_days", 0),
    )


def _promises(data: Mapping[str, Any]) -> PromiseTerms:
    return PromiseTerms(most_days=data["most_days"], most_broken=data.get("most_broken"), watch=_watch(data))


def _plans(file: YamlFile, data: Mapping[str, Any], caps: tuple[InterestCap, ...]) -> PlanTerms:
    down = _percent(data.get("least_down_payment_percent", 0))
    if down >= 100:
        raise file.error(("plans", "least_down_payment_percent"), "a down payment is a part, below 100")
    return PlanTerms(
        frequencies=tuple(Frequency(each) for each in data["frequencies"]),
        most_payments=data["most_payments"],
        most_days=data.get("most_days"),
        first_within_days=data.get("first_within_days", 14),
        least_payment=_amounts(data.get("least_payment", {})),
        least_down_payment_percent=down,
        buffer_percent=_percent(data.get("buffer_percent", 20)),
        interest=_interest(file, data["interest"], caps) if "interest" in data else None,
        watch=_watch(data),
    )


def _interest(file: YamlFile, data: Mapping[str, str], caps: tuple[InterestCap, ...]) -> InterestTerms:
    if not data["booked_by"].strip():
        raise file.error(
            ("plans", "interest", "booked_by"), "is empty: say who books the interest in the ledger"
        )
    return InterestTerms(
        yearly_percent=Decimal(data["percent"]),
        day_count=DayCount(data["day_count"]),
        booked_by=data["booked_by"].strip(),
        caps=caps,
    )


def _settlements(file: YamlFile, data: Mapping[str, Any]) -> SettlementTerms:
    least = _percent(data["least_percent"])
    if not 0 < least < 100:
        raise file.error(("settlements", "least_percent"), "a settlement is a part: above 0 and below 100")
    allowed = data.get("instalments_allowed", 1)
    below = data.get("needs_approval_below_percent")
    return SettlementTerms(
        least_percent=least,
        valid_days=data["valid_days"],
        least_amount=_amounts(data.get("least_amount", {})),
        instalments_allowed=(MOST_PAYMENTS if allowed else 1) if isinstance(allowed, bool) else allowed,
        needs_approval_below_percent=None if below is None else _percent(below),
        not_again_within_days=data.get("not_again_within_days", 0),
        watch=_watch(data),
    )


def _prompt_payment(file: YamlFile, data: Mapping[str, Any]) -> PromptPaymentTerms:
    percent = _percent(data["percent"])
    if not 0 < percent < 100:
        raise file.error(("prompt_payment", "percent"), "a discount is a part: above 0 and below 100")
    if "plans" not in file.data:
        detail = "a discount stands beside full payment and a plan: write `plans` too"
        raise file.error(("prompt_payment",), detail)
    return PromptPaymentTerms(
        percent=percent,
        within_days=data["within_days"],
        not_again_within_days=data.get("not_again_within_days", 0),
        watch=_watch(data),
    )


def _amounts(data: Mapping[str, Any]) -> Mapping[str, Decimal]:
    return {currency: Decimal(str(amount)) for currency, amount in data.items()}


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _percent(value: Any) -> Decimal:
    return Decimal(str(value))
