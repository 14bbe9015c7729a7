"""One entry of the delivery log, and the canonical bytes that are sealed."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from dispatcher.log.domain.events import Event
from dispatcher.log.domain.facet import Facet, facet, terms_of
from dispatcher.values.canonical import canonical_json
from dispatcher.values.instants import instant_text
from dispatcher.values.money import Money
from dispatcher.values.zones import zone_info

# Empty ones are left out of the sealed text; of the others only what nobody gave.
_SAID_IF_FILLED = frozenset(
    {"details", "provider_id", "reasons", "rule_packs", "simulated", "strategy", "zones"}
)
_NO_DETAILS: Mapping[str, Any] = MappingProxyType({})


class LogEntry(NamedTuple):
    """What happened, to whom (a pseudonym), when, on what ground.

    `personal_id` and `commitment` point to erasable values (debtor, debts, address) and bind the entry to
    them. `details` holds what only some events have, JSON values without floats. A named tuple, since a frozen
    dataclass would set its fields one by one, for several entries a message.
    """

    event: Event
    at: datetime
    actor: str
    run_id: int | None = None
    as_of: date | None = None
    message_id: str | None = None
    person: str | None = None
    creditor: str | None = None
    strategy: str | None = None
    step: str | None = None
    kind: str | None = None
    channel: str | None = None
    provider: str | None = None
    provider_id: str | None = None
    template: str | None = None
    template_version: int | None = None
    rule_packs: tuple[str, ...] = ()
    decision: str | None = None
    reasons: tuple[Mapping[str, Any], ...] = ()
    balance: Money | None = None
    days_past_due: int | None = None
    zones: tuple[str, ...] = ()
    body_sha256: str | None = None
    personal_id: int | None = None
    commitment: str | None = None
    simulated: bool = False
    details: Mapping[str, Any] = _NO_DETAILS

    def canonical(self) -> str:
        """The entry as RFC 8785 JSON: the text whose UTF-8 bytes are the sealed leaf."""
        return canonical_json(self.document())

    def facet(self) -> Facet:
        """What the entry shares with many others; the same as `facet_of` its document."""
        return facet(
            self.event,
            self.channel,
            self.creditor,
            self.template,
            self.template_version,
            of_message=self.message_id is not None,
            with_body=self.body_sha256 is not None,
            terms=terms_of(
                self.reasons, self.details, None if self.message_id or self.reasons else self.actor
            ),
        )

    def document(self) -> dict[str, Any]:
        """What is said in JSON's own values; what is empty is left out."""
        document: dict[str, Any] = {
            name: value
            for name, value in zip(self._fields, self, strict=True)
            if value is not None and (value or name not in _SAID_IF_FILLED)
        }
        document["at"] = instant_text(self.at)
        if self.as_of:
            document["as_of"] = self.as_of.isoformat()
        if self.balance:
            document["balance"], document["currency"] = str(self.balance.amount), self.balance.currency
        if self.zones:
            document["local_time"] = local_time_text(self.at, self.zones)
        if self.details:
            document["details"] = dict(self.details)
        return document


def commitment_of(salt: str, values: Mapping[str, Any]) -> str:
    """SHA-256 (hex) that binds an entry to personal values without showing them."""
    return commitment_to(salt, canonical_json(values))


def commitment_to(salt: str, canonical_values: str) -> str:
    """The same of values that are canonical JSON already."""
    return hashlib.sha256(f"{salt}\n{canonical_values}".encode()).hexdigest()


def to_the_millisecond(at: datetime) -> datetime:
    """Cut an instant to what an entry says of it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def local_time_text(at: datetime, zones: tuple[str, ...]) -> str | None:
    """The same instant in the first of the sorted candidate zones, with its offset."""
    if not zones:
        return None
    return at.astimezone(zone_info(zones[0])).isoformat(timespec="milliseconds")
