"""The desk of stories: commands, ledgers and days in this process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

TALK = ("record", "contact", "acme/A1", "call", "--outcome", "conversation", "--source", "dialler")
OFFER = ("record", "offer", "acme/A1", "--debt", "R1", "--discount")
ROW = {
    "creditor": "acme", "debtor_reference": "A1", "debtor_name": "Ana Perez", "language": "en", "country": "US",
    "region": "NY", "postal_code": "10001", "address_line_1": "1 Main St", "city": "New York",
    "email": "ana@debtors.example", "debt_reference": "R1", "currency": "USD", "balance": "120.00",
    "due_date": "2026-01-12", "debt_type": "consumer",
}  # fmt: skip

Desk = Callable[..., str]


def day(desk: Desk, on: str) -> None:
    desk("run", "--as-of", on, "--now", f"{on}T18:00:00Z")


def told(desk: Desk) -> list[tuple[str, str]]:
    """Day and step of every message; those of one day by name, since nothing promises which leaves first."""
    return sorted((m["as_of"], m["step"]) for m in json.loads(desk("messages", "list", "--json")))


def agreed(desk: Desk) -> dict[str, Any]:
    [one] = json.loads(desk("arrangements", "list", "--json"))
    return one


def events(desk: Desk, tmp_path: Path) -> list[str]:
    desk("log", "export", "--out", str(tmp_path / "log.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()[:-1]]
    about = ("arrangement_", "instalment_")
    assert all(line["debtor"] == "acme/A1" for line in lines if line["event"].startswith(about))
    return [line["event"] for line in lines if line["event"].startswith(about)]
