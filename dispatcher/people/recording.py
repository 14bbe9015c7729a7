"""What all recorded facts share: finding the debtor, locking the people concerned, the entry in the log."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.people.domain.fact_table import ERASABLE
from dispatcher.people.domain.facts import Fact, RecordError, merged
from dispatcher.people.storage import addresses, people_facts
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.people.storage.people_facts import KnownDebt, KnownDebtor
from dispatcher.values.email_address import normal_email
from dispatcher.values.phone import PhoneProblem, to_e164


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """Who reports a fact, when (business clock), where it comes from and in which words."""

    now: datetime
    actor: str
    source: str = ""
    note: str = ""

    @property
    def columns(self) -> dict[str, Any]:
        """As every table of facts keeps it."""
        return {"source": self.source, "note": self.note, "recorded_at": self.now}


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What was written down, as the command line reports it."""

    fact: str
    debtor: str
    debts: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    already: bool = False  # it stood there before: nothing but `added` is new
    added: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What keeping one row came to: a new row, or what a repeat added to the one that stood there."""

    fresh: bool
    added: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """An open transaction about one debtor, everybody whom it concerns locked."""

    connection: Connection
    debtor: KnownDebtor
    debts: tuple[KnownDebt, ...]  # those that were named
    said: Said

    def log(
        self,
        event: Event,
        details: Mapping[str, Any],
        *,
        body_sha256: str | None = None,
        by_channel: str | None = None,
        **personal: Any,
    ) -> None:
        """Write the entry; values that must be erasable go by keyword. `body_sha256`: of a file kept with it."""
        values = {"debtor": self.debtor.full_reference, "debts": list(self.debt_references), **personal}
        if self.said.note:
            values["note"] = self.said.note
        [(personal_id, commitment)] = delivery_log.keep_personal(
            self.connection, [(self.debtor.person, values)]
        )
        entry = LogEntry(
            event=event,
            at=self.said.now,
            actor=self.said.actor,
            person=self.debtor.person,
            creditor=self.debtor.creditor,
            channel=by_channel,
            zones=people_facts.known_zones(self.connection, self.debtor.id),
            body_sha256=body_sha256,
            personal_id=personal_id,
            commitment=commitment,
            details={**details, "source": self.said.source} if self.said.source else details,
        )
        delivery_log.append(self.connection, [entry])

    def keep(
        self,
        fact: Fact,
        row: Mapping[str, Any],
        details: Mapping[str, Any],
        *,
        unsaid: Mapping[str, Any] | None = None,
        dated: bool = False,
    ) -> Kept:
        """Write a row, or add to the same one that stands already what this says besides.

        `unsaid`: details of a new row that nobody has said. `dated`: the day a hold began was said, not taken.
        """
        mine = {"debtor_id": self.debtor.id, **row}
        same = {name: mine[name] for name in ("debtor_id", *fact.same) if name in mine}
        standing = people_facts.find_same(self.connection, fact.kept_in, same)
        if "details" in fact.same:
            standing = [one for one in standing if one.details == details]
        if not standing:
            kept = {**mine, "details": {**(unsaid or {}), **details}, **self.said.columns}
            people_facts.add(self.connection, fact.kept_in, kept)
            return Kept(fresh=True)
        changes: dict[str, Any] = merged(fact.fields, standing[0].details, details)
        columns: dict[str, Any] = {"details": {**standing[0].details, **changes}} if changes else {}
        if dated and row["starts_on"] < standing[0].starts_on:
            columns["starts_on"] = row["starts_on"]
            changes["since"] = row["starts_on"].isoformat()
        if columns:
            people_facts.change(self.connection, fact.kept_in, standing[0].id, columns)
        return Kept(fresh=False, added=changes)

    def log_added(
        self, what: Mapping[str, Any], added: Mapping[str, Any], *, body_sha256: str | None = None
    ) -> None:
        """Log what a repeat added, words that must be erasable apart."""
        public, private = parted(added)
        self.log(Event.FACT_AMENDED, {**what, **public}, body_sha256=body_sha256, **private)

    @property
    def debt_references(self) -> tuple[str, ...]:
        """`creditor/reference` of each debt named."""
        return tuple(f"{self.debtor.creditor}/{debt.reference}" for debt in self.debts)

    @property
    def debt_ids(self) -> tuple[int | None, ...]:
        """The debts named; (None,) where the fact concerns the person."""
        return tuple(debt.id for debt in self.debts) or (None,)


@contextmanager
def recording(
    database: Database, who: str, said: Said, *, debts: Sequence[str] = (), address: str = ""
) -> Iterator[Recording]:
    """A transaction about `creditor/reference` (or a reference that only one creditor has).

    Claims lock the people they write to; so does this, in the same order: whoever owes the debts, is the same human,
    owes with them, or shares the address.
    """
    with database.writing() as connection:
        debtor = find_debtor(connection, who)
        named = tuple(
            _debt(connection, debtor, reference, said.now.date()) for reference in dict.fromkeys(debts)
        )
        concerned = {
            debtor.id,
            *people_facts.people_bound(connection, debtor.id, [debt.id for debt in named]),
        }
        if address:
            concerned.update(addresses.people_at(connection, address))
        addresses.lock(connection, sorted(concerned))
        yield Recording(connection=connection, debtor=debtor, debts=named, said=said)


def _debt(connection: Connection, debtor: KnownDebtor, reference: str, on: date) -> KnownDebt:
    bare = reference.removeprefix(f"{debtor.creditor}/")
    owed = people_facts.debts_of(connection, debtor.id, on)
    found = next((debt for debt in owed if debt.reference in (reference, bare)), None)
    if found is None:
        open_debts = ", ".join(debt.reference for debt in owed if debt.is_open) or "none"
        raise RecordError(f"{debtor.full_reference} has no debt {reference!r}; open ones: {open_debts}")
    return found


def parted(details: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what an entry may say for good, words and names that must be erasable); what nobody has said is in neither."""
    said = {name: value for name, value in details.items() if value not in (None, "")}
    private = {name: value for name, value in said.items() if name in ERASABLE}
    return {name: value for name, value in said.items() if name not in private}, private


def normal_address(text: str, country: str) -> tuple[str, str]:
    """(medium of a contact point, normalised address) of what a person typed."""
    if "@" in text:
        try:
            return "email", normal_email(text)
        except ValueError as error:
            raise RecordError(f"{text!r}: {error}") from None
    number = to_e164(text, country or None)
    if isinstance(number, PhoneProblem):
        raise RecordError(f"{text!r} is neither an e-mail address nor a telephone number: {number.reason}")
    return "phone", number
