"""What is odd about a ledger beside the one before it of the same creditor and mapping, and what that is worth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dispatcher.portfolio.domain.portfolio_columns import DEBTOR_COLUMNS, KEPT_WHEN_EMPTY, PROTECTIONS

_MANY = 5  # so many people's protection does not end on one day
# A column that protected somebody in the last ledger and is not in this one: renamed, or exported without.
GUARDING = frozenset(PROTECTIONS) | (
    KEPT_WHEN_EMPTY - {"country", "debtor_kind", "sender_role", "promise_amount"}
)


_WORDS = {
    "keys": "references are spelled differently from the known ones (.0, zeros, blanks, case): "
    "a second first reminder would go out for each",
    "balances": "balances are 10, 100 or 1,000 times what they were, or a part of it: has the decimal mark changed?",
    "due_dates": "due dates moved by the same number of days, or have day and month exchanged: "
    "has the date's form changed?",
    "ages": "debts changed their age by a year or more: has the year's form changed?",
    "currencies": "debts have another currency than before",
    "debtors": "debts belong to another debtor than before",
    "refused": "rows could not be read",
    "vanished": "known debts are not in this ledger",
    "appeared": "debts are new beside those that are known",
}


ACCEPTABLE = frozenset({*_WORDS, "columns", "day", "emptied", "renumbered"})


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerLimits:
    """From where on a difference is no ordinary day's: per cent of the debts, and points of filled cells.

    Shares count from `counted_from` debts on; `median_age` is in days. `month_end` are days on which
    `month_end_limits` hold in their place.
    """

    counted_from: int = 100
    vanished: int = 30
    appeared: int = 100
    emptied: int = 25
    keys: int = 2
    balances: int = 10
    due_dates: int = 20
    ages: int = 10
    median_age: int = 365
    currencies: int = 2
    debtors: int = 10
    refused: int = 25
    month_end: frozenset[int] = frozenset()
    month_end_limits: Mapping[str, int] = field(default_factory=dict)

    def on(self, day: date, name: str) -> int:
        """The limit of that name on a ledger's day."""
        if day.day in self.month_end and name in self.month_end_limits:
            return self.month_end_limits[name]
        return int(getattr(self, name))


_RENAMED = {"segment": "ledger_segment"}  # in profiles that an earlier version kept


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerProfile:
    """What is kept of a creditor's part of a file, to compare the next one with.

    `columns`: those of ours that it has; `headers`: all as written; `filled`: rows with a value, by column; `age`: for
    how many days the middle one of its debts was due, None where that was not kept.
    """

    headers: tuple[str, ...]
    columns: frozenset[str]
    debts: int
    debtors: int
    filled: Mapping[str, int]
    age: int | None = None

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        return {
            "headers": list(self.headers),
            "columns": sorted(self.columns),
            "debts": self.debts,
            "debtors": self.debtors,
            "filled": dict(self.filled),
            "age": self.age,
        }

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> "LedgerProfile":
        """From the database."""
        return cls(
            headers=tuple(value["headers"]),
            columns=frozenset(_RENAMED.get(name, name) for name in value["columns"]),
            debts=value["debts"],
            debtors=value["debtors"],
            filled={_RENAMED.get(name, name): rows for name, rows in value["filled"].items()},
            age=value.get("age"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How a file's debts of one creditor stand beside those known; `moved_alike`: by one distance, or day for month."""

    known: int = 0  # open debts that are known, whether in the file or not
    in_both: int = 0
    vanished: int = 0
    appeared: int = 0
    respelled: int = 0
    rescaled: int = 0  # balances that are 10, 100 or 1000 times, or a tenth … of what they were
    moved_alike: int = 0
    moved_by_years: int = 0
    other_currency: int = 0
    other_debtor: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One difference beyond its limit: its name for `--accept`, and why, in a sentence.

    `refuses` the file; else its new debts are held.
    """

    name: str
    creditor: str
    sentence: str
    refuses: bool = True

    def as_json(self) -> dict[str, Any]:
        """For the database and for reports."""
        return {
            "name": self.name,
            "creditor": self.creditor,
            "sentence": self.sentence,
            "refuses": self.refuses,
        }


def drift(
    creditor: str,
    before: LedgerProfile | None,
    now: LedgerProfile,
    counts: Counts,
    limits: LedgerLimits,
    day: date,
    *,
    whole: bool,
) -> Iterator[Finding]:
    """Everything beyond a limit. Without a ledger before, only what is known of the debts is compared."""
    if before is not None:
        yield from _columns(creditor, before, now)
        yield from _emptied(creditor, before, now, limits, day)
        yield from _aged(creditor, before, now, limits, day)
    shares = [
        ("keys", counts.respelled, max(counts.known, 1)),
        ("balances", counts.rescaled, counts.in_both),
        ("due_dates", counts.moved_alike, counts.in_both),
        ("ages", counts.moved_by_years, counts.in_both),
        ("currencies", counts.other_currency, counts.in_both),
        ("debtors", counts.other_debtor, counts.in_both),
        ("vanished", counts.vanished if whole else 0, counts.known),
    ]
    for name, count, of in shares:
        if _beyond(count, of, limits, name, day):
            yield _finding(name, creditor, count, of, limits, day)
    if counts.known and _beyond(counts.appeared, counts.known, limits, "appeared", day):
        yield _finding("appeared", creditor, counts.appeared, counts.known, limits, day, refuses=False)


def unread(file: str, refused: int, rows: int, limits: LedgerLimits, day: date) -> Iterator[Finding]:
    """Whether so many rows of a file could not be read that the others are not to be believed either."""
    if _beyond(refused, rows, limits, "refused", day):
        yield _finding("refused", file, refused, rows, limits, day)


def _columns(creditor: str, before: LedgerProfile, now: LedgerProfile) -> Iterator[Finding]:
    gone = sorted(name for name in GUARDING & before.columns - now.columns if before.filled.get(name))
    if not gone:
        return
    new = [header for header in now.headers if header not in before.headers]
    names = ", ".join(f"{name} ({before.filled[name]} filled)" for name in gone)
    renamed = f"; new beside them: {', '.join(new[:8])}: renamed?" if new else ""
    yield Finding(
        name="columns",
        creditor=creditor,
        sentence=f"{creditor}: the last ledger had columns that protect people and this one has not: {names}{renamed}",
    )


def _emptied(
    creditor: str, before: LedgerProfile, now: LedgerProfile, limits: LedgerLimits, day: date
) -> Iterator[Finding]:
    most = limits.on(day, "emptied")
    for name in sorted(before.columns & now.columns):
        rows = (before.debtors, now.debtors) if name in DEBTOR_COLUMNS else (before.debts, now.debts)
        if min(rows) < limits.counted_from:
            continue
        was, share = (100 * p.filled.get(name, 0) / of for p, of in zip((before, now), rows, strict=True))
        all_gone = name in GUARDING and before.filled.get(name, 0) >= _MANY and not now.filled.get(name, 0)
        if was - share > most or all_gone:
            yield Finding(
                name="emptied",
                creditor=creditor,
                sentence=f"{creditor}: {name} was filled in {was:.0f} % of the rows and is in {share:.0f} %",
            )


def _aged(
    creditor: str, before: LedgerProfile, now: LedgerProfile, limits: LedgerLimits, day: date
) -> Iterator[Finding]:
    """Whether the debts are of another age as a whole, the new ones too, which nothing else is compared with."""
    most = limits.on(day, "median_age")
    if before.age is None or now.age is None or min(before.debts, now.debts) < limits.counted_from:
        return
    if abs(now.age - before.age) > most:
        yield Finding(
            name="ages",
            creditor=creditor,
            sentence=f"{creditor}: in the last ledger the middle debt was due {_due(before.age)} the ledger's day, in "
            f"this one {_due(now.age)} it (more than {most} days apart): has the year's form changed?",
        )


def _due(age: int) -> str:
    return f"{abs(age):,} days {'before' if age >= 0 else 'after'}"


def _beyond(count: int, of: int, limits: LedgerLimits, name: str, day: date) -> bool:
    return of >= limits.counted_from and 100 * count > limits.on(day, name) * of


def _finding(
    name: str,
    creditor: str,
    count: int,
    of: int,
    limits: LedgerLimits,
    day: date,
    *,
    refuses: bool = True,
) -> Finding:
    share = f"{100 * count / of:.0f} %, more than {limits.on(day, name)} %"
    sentence = f"{creditor}: {count:,} of {of:,} {_WORDS[name]} ({share})"
    return Finding(name=name, creditor=creditor, sentence=sentence, refuses=refuses)


def differences(before: LedgerProfile | None, now: LedgerProfile) -> list[str]:
    """Columns that are gone or new, in sentences; no reason to stop."""
    if before is None:
        return []
    gone = sorted(before.columns - now.columns)
    new = sorted(now.columns - before.columns)
    said = []
    if gone:
        said.append(f"gone since the last ledger: {', '.join(gone)}; what they said stays")
    if new:
        said.append(f"new since the last ledger: {', '.join(new)}")
    return said
