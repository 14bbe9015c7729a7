"""`config/interest_caps.yaml` -> the most interest that plans may bear, by place: dated, cited, none by default."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from dispatcher.agreements.domain.plan_interest import InterestCap
from dispatcher.rulebook.yaml_file import YamlFile, read_yaml
from dispatcher.values.iso_codes import COUNTRIES

_TEXT = {"type": "string", "minLength": 1}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["caps"],
    "properties": {
        "caps": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["country", "percent", "valid_from", "reference", "link", "status", "verified"],
                "properties": {
                    "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
                    "region": _TEXT,
                    "debtor_kind": {"enum": ["person", "company"]},
                    "percent": {"type": "string", "pattern": r"^\d{1,3}(\.\d+)?$"},
                    "valid_from": {},
                    "reference": _TEXT,
                    "link": {"type": "string", "pattern": "^https://"},
                    "status": {"enum": ["law", "guidance", "policy"]},
                    "verified": {"enum": ["official", "secondary", "unverified"]},
                },
            },
        },
    },
}


def load_interest_caps(path: Path) -> tuple[InterestCap, ...]:
    """Every entry; none where there is no file. Raises ConfigError naming file, line and key."""
    if not path.is_file():
        return ()
    file = read_yaml(path)
    file.validate(SCHEMA)
    return tuple(_cap(file, i, item) for i, item in enumerate(file.data["caps"]))


def _cap(file: YamlFile, place: int, item: dict[str, Any]) -> InterestCap:
    if item["country"] not in COUNTRIES:
        raise file.error(("caps", place, "country"), f"{item['country']} is no country of ISO 3166-1")
    if not isinstance(item["valid_from"], date):
        raise file.error(
            ("caps", place, "valid_from"), f"{item['valid_from']!r} is not a day; write it as 2026-01-01"
        )
    return InterestCap(
        country=item["country"],
        region=item.get("region", ""),
        debtor_kind=item.get("debtor_kind", ""),
        percent=Decimal(item["percent"]),
        valid_from=item["valid_from"],
        reference=item["reference"],
        status=item["status"],
    )
