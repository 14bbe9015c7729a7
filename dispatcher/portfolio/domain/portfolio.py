"""One row of a portfolio: the debtor's columns, the debt's columns, and what is said when they cannot be read.

What every row is made into are named tuples: a frozen dataclass sets each of two dozen fields by a call of its own,
which was a tenth of an import.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

NOTHING_BESIDE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class RowProblem:
    """What is wrong in one cell, said to the person who mends the file; a template has `Problem`, by file and line."""

    column: str
    value: str
    reason: str


class LedgerContactPoint(NamedTuple):
    """An e-mail address or phone number as the ledger gives it, already normalised."""

    medium: str  # email, phone
    address: str
    label: str = ""  # home, mobile, work
    consent_on: date | None = None


class DebtorLine(NamedTuple):
    """What one row says of its debtor. Empty text, None and () mean: an empty cell.

    `silent` names the fields that the file has no column for: of them the row says nothing at all.
    """

    creditor: str
    reference: str
    name: str = ""
    kind: str = ""  # person, company
    language: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    postal_code: str = ""
    address_lines: tuple[str, ...] = ()
    time_zone: str = ""
    ledger_segment: str = ""
    preferred_channel: str = ""
    authorised_channels: tuple[str, ...] | None = None  # (): none at all
    represented_by: str = ""
    cease_received_on: date | None = None
    bankrupt_on: date | None = None
    deceased_on: date | None = None
    breathing_space_until: date | None = None
    birth_date: date | None = None
    access_code: str = ""
    contact_points: tuple[LedgerContactPoint, ...] = ()
    silent: frozenset[str] = frozenset()


class DebtLine(NamedTuple):
    """What one row says of its debt; amounts in the currency's smallest unit, `silent` as for a debtor."""

    creditor: str
    reference: str
    debtor_reference: str
    currency: str
    balance_minor: int
    due_date: date
    original_minor: int | None = None
    issued_on: date | None = None
    settled_on: date | None = None
    disputed_on: date | None = None
    promise_date: date | None = None
    promise_minor: int | None = None
    time_barred_on: date | None = None
    notice_sent_on: date | None = None
    handover_decided_on: date | None = None
    sender_role: str = ""
    debt_type: str = ""
    extra: Mapping[str, str] = NOTHING_BESIDE
    joint_debtors: tuple[str, ...] = ()
    guarantors: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()


class PortfolioRow(NamedTuple):
    """A row that can be imported; `debt` is None for a row that brings only a person.

    `unread`: values that cannot be read and that protect somebody or that law hangs on; they hold the debt.
    """

    debtor: DebtorLine
    debt: DebtLine | None
    warnings: tuple[RowProblem, ...] = ()
    unread: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedRow:
    """A row that cannot be imported. The keys are given where they could be read."""

    problems: tuple[RowProblem, ...]
    creditor: str = ""
    debt_reference: str = ""


def is_open(issued_on: date | None, settled_on: date | None, on: date) -> bool:
    """Whether a debt is open on a date: issued on or before it, and not settled on or before it."""
    return (issued_on is None or issued_on <= on) and (settled_on is None or settled_on > on)
