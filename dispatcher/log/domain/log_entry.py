"""One entry of the delivery log, and the canonical bytes that are sealed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from dispatcher.log.domain.events import Event
from dispatcher.log.domain.facet import Facet, facet, terms_of
from dispatcher.values.canonical import canonical_json
from dispatcher.values.instants import instant_text
from dispatcher.values.money import Money
from dispatcher.values.zones import zone_info


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """What happened, to whom (a pseudonym), when, on what ground.

    `personal_id` and `commitment` point to erasable values (debtor, debts, address) and bind the entry to
    them. `details` holds what only some events have, JSON values without floats.
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
    details: Mapping[str, Any] = field(default_factory=dict)

    def canonical(self) -> str:
        """The entry as RFC 8785 JSON: the text whose UTF-8 bytes are the sealed leaf."""
        return canonical_json(self._document())

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

    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "actor": self.actor,
            "as_of": self.as_of and self.as_of.isoformat(),
            "at": instant_text(self.at),
            "balance": self.balance and str(self.balance.amount),
            "body_sha256": self.body_sha256,
            "channel": self.channel,
            "commitment": self.commitment,
            "creditor": self.creditor,
            "currency": self.balance and self.balance.currency,
            "days_past_due": self.days_past_due,
            "decision": self.decision,
            "details": dict(self.details) or None,
            "event": self.event,
            "kind": self.kind,
            "local_time": local_time_text(self.at, self.zones),
            "message_id": self.message_id,
            "person": self.person,
            "personal_id": self.personal_id,
            "provider": self.provider,
            "provider_id": self.provider_id or None,
            "reasons": list(self.reasons) or None,
            "rule_packs": list(self.rule_packs) or None,
            "run_id": self.run_id,
            "simulated": self.simulated or None,
            "step": self.step,
            "strategy": self.strategy or None,
            "template": self.template,
            "template_version": self.template_version,
            "zones": list(self.zones) or None,
        }
        return {key: value for key, value in document.items() if value is not None}


def commitment_of(salt: str, values: Mapping[str, Any]) -> str:
    """SHA-256 (hex) that binds an entry to personal values without showing them."""
    return hashlib.sha256(f"{salt}\n{canonical_json(values)}".encode()).hexdigest()


def to_the_millisecond(at: datetime) -> datetime:
    """Cut an instant to what an entry says of it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def local_time_text(at: datetime, zones: tuple[str, ...]) -> str | None:
    """The same instant in the first of the sorted candidate zones, with its offset."""
    if not zones:
        return None
    return at.astimezone(zone_info(zones[0])).isoformat(timespec="milliseconds")
