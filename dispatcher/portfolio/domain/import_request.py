"""What is asked of an import, and what it reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dispatcher.portfolio.domain.ledger_drift import Finding, LedgerLimits
from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
from dispatcher.portfolio.domain.stand_ins import StandIns
from dispatcher.values.whereabouts import PlaceTable


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """How many rows of a kind were new, changed or the same as before."""

    new: int
    changed: int
    unchanged: int

    def as_json(self) -> dict[str, int]:
        """For a report."""
        return {"new": self.new, "changed": self.changed, "unchanged": self.unchanged}


_NOTHING = Counted(new=0, changed=0, unchanged=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportSettings:
    """What `config/import.yaml` and the place data say: limits (a creditor's own first), stand-ins, real names."""

    limits: LedgerLimits = field(default_factory=LedgerLimits)
    of_creditors: Mapping[str, LedgerLimits] = field(default_factory=dict)
    stand_ins: StandIns = field(default_factory=StandIns)
    real_names: frozenset[str] = frozenset()
    places: PlaceTable | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportRequest:
    """What to import and how. `now` is the real clock; `as_of` the day the ledger speaks of.

    `accept`: findings (by name) that a person says are meant, with `why`.
    """

    file: Path
    as_of: date
    now: datetime
    actor: str
    rejects: Path
    warnings: Path
    rejects_asked_for: bool = False  # then the file is written even where nothing was refused
    mapping: PortfolioMapping | None = None
    source: str = ""  # by what a ledger without a mapping is compared with its own kind
    creditor: str = ""  # for files without that column
    full: bool = False  # the file is whole: a debt that it does not name has vanished
    strict: bool = False
    dry_run: bool = False
    allow_older: bool = False
    accept: frozenset[str] = frozenset()
    why: str = ""
    settings: ImportSettings = field(default_factory=ImportSettings)

    @property
    def empty_ends(self) -> frozenset[str]:
        """The columns whose empty cell is the creditor's word that something has ended."""
        return self.mapping.empty_ends if self.mapping else frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportReport:
    """What an import did, or would do."""

    file: str
    sha256: str
    as_of: date
    rows: int
    imported: int
    repeated: int
    refused: int  # rows
    warnings: int
    creditors: tuple[str, ...]
    applied: bool  # False: a dry run, or a strict import with refused rows
    debtors: Counted = _NOTHING
    debts: Counted = _NOTHING
    contact_points_changed: int = 0
    vanished: int = 0
    held: int = 0  # debts that this file newly holds
    still_protected: int = 0  # protections that it no longer names, and that stay
    stand_ins: int = 0  # addresses that too many people share
    payments_absorbed: int = 0
    older_than: date | None = None  # the ledger known before is newer than this file
    reasons: Mapping[str, int] | None = None  # why rows were refused, most frequent first
    passed_over: Mapping[str, int] = field(default_factory=dict)  # rows that are no records, by why
    differences: tuple[str, ...] = ()  # from the ledger before
    findings: tuple[Finding, ...] = ()  # beyond their limits, and accepted or held for

    def as_json(self) -> dict[str, Any]:
        """For reports of commands and pages."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "as_of": self.as_of,
            "creditors": list(self.creditors),
            "applied": self.applied,
            "rows": self.rows,
            "imported": self.imported,
            "rejected": self.refused,
            "repeated": self.repeated,
            "warnings": self.warnings,
            "debts": self.debts.as_json(),
            "debtors": self.debtors.as_json(),
            "contact_points_changed": self.contact_points_changed,
            "vanished": self.vanished,
            "held": self.held,
            "still_protected": self.still_protected,
            "stand_ins": self.stand_ins,
            "passed_over": dict(self.passed_over),
            "differences": list(self.differences),
            "findings": [finding.as_json() for finding in self.findings],
            "payments_absorbed": self.payments_absorbed,
            "reasons": self.reasons,
        }

    @property
    def needs_somebody(self) -> bool:
        """Whether a person has to look at something."""
        return bool(self.refused or self.held or self.still_protected)
