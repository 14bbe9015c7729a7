"""One line of an export of the delivery log: the sealed entry with what its commitment binds to it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatcher.values.canonical import canonical_json
from dispatcher.values.spreadsheet import from_cell, to_cell

FIELDS = (
    "position", "at", "event", "run_id", "as_of", "message_id", "debtor", "debts", "step", "kind",
    "channel", "provider", "provider_id", "address", "local_time", "zones", "template", "template_version",
    "rule_packs", "decision", "reasons", "balance", "currency", "days_past_due", "body_sha256", "actor",
    "details", "strategy", "simulated", "person", "creditor", "personal_id", "commitment", "salt", "personal",
    "seal", "proof", "hash",
)  # fmt: skip
_BESIDE_THE_LINE = ("debtor", "debts", "address")  # personal values with a column of their own
_JSON_CELLS = frozenset((
    "position", "run_id", "debts", "zones", "template_version", "rule_packs", "reasons", "days_past_due",
    "details", "simulated", "personal_id", "personal", "seal", "proof",
))  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedEntry:
    """An entry at its place; `salt` and `values` are None without personal values, or once they are erased."""

    position: int
    entry_id: int
    seal: int
    leaf: str
    entry: str
    salt: str | None
    values: Mapping[str, Any] | None

    @property
    def document(self) -> dict[str, Any]:
        """The sealed content."""
        return dict(json.loads(self.entry))


def export_line(sealed: SealedEntry, proof: Sequence[bytes] | None = None) -> dict[str, Any]:
    """Build the line: every field of FIELDS, absent ones None."""
    values = dict(sealed.values or {})
    shown = {name: values.pop(name) for name in _BESIDE_THE_LINE if values.get(name) is not None}
    line = {
        **sealed.document,
        **shown,
        "position": sealed.position,
        "salt": sealed.salt,
        "personal": values or None,
        "seal": sealed.seal,
        "hash": sealed.leaf,
        "proof": None if proof is None else [sibling.hex() for sibling in proof],
    }
    return {name: line.get(name) for name in FIELDS} | line


def cells_of(line: Mapping[str, Any]) -> list[str]:
    """Write a line as CSV cells: None is empty, lists and numbers are JSON, text is made safe."""
    return [_cell(name, line.get(name)) for name in FIELDS]


def line_of(cells: Mapping[str, str]) -> dict[str, Any]:
    """Read a line back from its CSV cells."""
    return {name: _value(name, cell) for name, cell in cells.items()}


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    return canonical_json(value) if name in _JSON_CELLS else to_cell(str(value))


def _value(name: str, cell: str) -> Any:
    if cell == "":
        return None
    return json.loads(cell) if name in _JSON_CELLS else from_cell(cell)
