"""`config/senders.yaml` -> Sender values by the portfolio's creditor."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from dispatcher.people.domain.proof import PROOFS
from dispatcher.rulebook.charges import load_charges
from dispatcher.rulebook.logos import LogoError, read_logo
from dispatcher.rulebook.yaml_file import KeyPath, YamlFile, read_yaml
from dispatcher.values.bank_account import BankAccount, iban_problem
from dispatcher.values.charges import Charge
from dispatcher.values.colour import DARK, READABLE, WHITE, contrast, nearest_readable
from dispatcher.values.logo import Logo
from dispatcher.values.sender import AdviceBody, Sender

ROLES = ("original_creditor", "third_party", "debt_buyer", "law_firm")
_TEXT = {"type": "string", "minLength": 1}
_COUNTRY = {"propertyNames": {"pattern": "^[A-Z]{2}$"}}
_BODY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": dict.fromkeys(("name", "phone", "website", "email", "address"), _TEXT),
}
_BODIES = {"type": "object", "additionalProperties": _BODY, **_COUNTRY}
_TEXTS = {"type": "array", "items": _TEXT}
_COLOUR = {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}
_ACCOUNT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["iban"],
    "properties": dict.fromkeys(("holder", "iban", "bic", "street", "postal_code", "city", "country"), _TEXT),
}
_REQUIRED = (
    "name",
    "legal_name",
    "role",
    "contact_person",
    "contact_hours",
    "phone",
    "email",
    "website",
    "address_lines",
    "city",
    "country",
    "payment_url",
)
_SENDER = {
    "type": "object",
    "additionalProperties": False,
    "required": list(_REQUIRED),
    "properties": {
        **dict.fromkeys(
            (
                "name",
                "legal_name",
                "creditor_name",
                "creditor_address",
                "contact_person",
                "phone",
                "website",
                "postal_code",
                "city",
                "region",
            ),
            _TEXT,
        ),
        **{name: {"type": "string"} for name in ("registration", "dispute_url", "handover_firm")},
        **{name: {"type": "string", "pattern": "^[^@\\s<>]+@[^@\\s<>]+$"} for name in ("email", "reply_to")},
        "payment_url": {"type": "string", "pattern": "^https://\\S+$"},
        "role": {"enum": list(ROLES)},
        "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "contact_hours": {"type": "object", "minProperties": 1, "additionalProperties": _TEXT},
        "address_lines": {**_TEXTS, "minItems": 1},
        "complaints": _BODIES,
        "advice": _BODIES,
        "supervisors": _BODIES,
        "handover_days": {"type": "integer", "minimum": 1, "maximum": 365},
        "employer_domains": _TEXTS,
        "packs": _TEXTS,
        "self_service": {"type": "boolean"},
        "charges": {"type": "string"},
        "proofs": {**_TEXTS, "uniqueItems": True},
        "plan_counts": {
            "type": "array",
            "items": {"type": "integer", "minimum": 2, "maximum": 60},
            "uniqueItems": True,
        },
        "logo": _TEXT,
        "colour": _COLOUR,
        "colour_dark": _COLOUR,
        "tagged_letters": {"type": "boolean"},
        "page_size": {"enum": ["A4", "Letter"]},
        "window": {"enum": ["left", "right"]},
        "bank": {
            "type": "object",
            "additionalProperties": _ACCOUNT,
            "propertyNames": {"pattern": "^[A-Z]{3}$"},
        },
        "sms_cost": {"type": "object", "additionalProperties": _TEXT},
        "language": {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Z]{2})?$"},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["senders"],
    "properties": {
        "advice": _BODIES,
        "senders": {"type": "object", "minProperties": 1, "additionalProperties": _SENDER},
    },
}


@lru_cache(maxsize=8)
def load_senders(path: Path, charges: Path | None = None) -> Mapping[str, Sender]:
    """Every sender by its key; a creditor without one is held. Raises ConfigError with file, line and key.

    `charges`: the folder of statutes, `charges/` beside the file unless it is named.
    """
    file = read_yaml(path)
    file.validate(SCHEMA)
    statutes = {charge.name: charge for charge in load_charges(charges or path.with_name("charges"))}
    return {key: _sender(file, key, item, statutes) for key, item in file.data["senders"].items()}


def _sender(file: YamlFile, key: str, item: dict[str, Any], statutes: Mapping[str, Charge]) -> Sender:
    at = ("senders", key)
    if item["role"] != "original_creditor" and not item.get("creditor_name"):
        raise file.error((*at, "creditor_name"), "is missing: who writes for another must name that other")
    _check_proofs(file, (*at, "proofs"), item)
    if item.get("charges", "") not in {"", *statutes}:
        there = ", ".join(sorted(statutes)) or "no file"
        raise file.error(
            (*at, "charges"), f"{item['charges']!r} is no statute of config/charges; there is {there}"
        )
    logo, colours = _logo(file, (*at, "logo"), item), _colours(file, at, item)
    advice = {**file.data.get("advice", {}), **item.get("advice", {})}
    plain = {
        name: value for name, value in item.items() if isinstance(value, str | int) and name != "charges"
    }
    defaults = {
        "creditor_name": item["legal_name"],
        "reply_to": item["email"],
        "postal_code": "",
        "region": "",
    }
    return Sender(
        **{**defaults, **plain, **colours, "logo": logo},
        key=key,
        charges=statutes.get(item.get("charges", "")),
        contact_hours=item["contact_hours"],
        address_lines=tuple(item["address_lines"]),
        complaints=_bodies(item.get("complaints", {})),
        advice=_bodies(advice),
        supervisors=_bodies(item.get("supervisors", {})),
        employer_domains=tuple(item.get("employer_domains", ())),
        packs=tuple(item.get("packs", ())),
        plan_counts=tuple(item.get("plan_counts", (2, 3, 6))),
        sms_cost=item.get("sms_cost", {}),
        bank={
            currency: _account(file, (*at, "bank", currency), row, item)
            for currency, row in item.get("bank", {}).items()
        },
    )


def _logo(file: YamlFile, at: KeyPath, item: Mapping[str, Any]) -> Logo | None:
    """The picture that `logo` names, a path from this file's folder."""
    if "logo" not in item:
        return None
    try:
        return read_logo(file.path.parent / item["logo"])
    except LogoError as error:
        raise file.error(at, str(error)) from None


def _colours(file: YamlFile, at: KeyPath, item: Mapping[str, Any]) -> dict[str, str]:
    """The colours as checked: words in them must be readable, on white and on dark screens."""
    if "colour" not in item:
        return {}
    colour = item["colour"].lower()
    dark = item.get("colour_dark", nearest_readable(colour, DARK)).lower()
    for key, value, on, name in (
        ("colour", colour, WHITE, "white"),
        ("colour_dark", dark, DARK, "a dark screen"),
    ):
        if (ratio := contrast(value, on)) < READABLE:
            nearest = nearest_readable(value, on)
            raise file.error(
                (*at, key),
                f"{value} on {name} has a contrast of {ratio:.1f}, and words need {READABLE}: {nearest} is the nearest",
            )
    return {"colour": colour, "colour_dark": dark}


def _check_proofs(file: YamlFile, at: KeyPath, item: Mapping[str, Any]) -> None:
    """Two things prove a debtor on their own page, and neither stands in a message, on an envelope or in a link."""
    wanted = set(item.get("proofs", PROOFS))
    if wanted != PROOFS:
        shown = sorted(wanted - PROOFS)
        why = f"{', '.join(shown)} can stand in what we send" if shown else "one thing alone proves nobody"
        raise file.error(at, f"must be {' and '.join(sorted(PROOFS))}: {why}")


def _account(file: YamlFile, at: KeyPath, row: Mapping[str, str], item: Mapping[str, Any]) -> BankAccount:
    """An account in the creditor's name unless another is given, at the sender's address."""
    if problem := iban_problem(row["iban"]):
        raise file.error((*at, "iban"), problem)
    return BankAccount(
        holder=row.get("holder") or item.get("creditor_name") or item["legal_name"],
        iban=row["iban"].replace(" ", "").upper(),
        bic=row.get("bic", "").replace(" ", "").upper(),
        street=row.get("street") or ", ".join(item["address_lines"]),
        postal_code=row.get("postal_code") or item.get("postal_code", ""),
        city=row.get("city") or item["city"],
        country=row.get("country") or item["country"],
    )


def _bodies(rows: Mapping[str, Mapping[str, str]]) -> Mapping[str, AdviceBody]:
    return {country: AdviceBody(**row) for country, row in rows.items()}
