"""What may be asked of the log, and which facets answer it."""

from dataclasses import dataclass
from datetime import datetime

from dispatcher.log.domain.facet import Facet


@dataclass(frozen=True, kw_only=True, slots=True)
class LogQuery:
    """What to look for; all that is set must hold. `state` is a message's present state, `until` is outside."""

    persons: tuple[str, ...] = ()
    address: str | None = None
    debt: str | None = None
    creditor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    channel: str | None = None
    state: str | None = None
    events: tuple[str, ...] = ()
    rule: str | None = None
    provider_id: str | None = None
    words: str | None = None
    template: str | None = None
    template_version: int | None = None
    approver: str | None = None
    actor: str | None = None
    run_id: int | None = None
    message_id: str | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms that a facet must have."""
        named = (("rule", self.rule), ("approver", self.approver), ("actor", self.actor))
        return tuple(f"{kind}:{value}"[:200] for kind, value in named if value)

    @property
    def asks_of_facets(self) -> bool:
        """Whether facets tell some entries from others."""
        plain = (self.events, self.channel, self.creditor, self.template, self.template_version, self.terms)
        return any(plain) or self.speaks_of_messages or self.words is not None

    @property
    def speaks_of_messages(self) -> bool:
        """Whether only entries of messages can fit."""
        return bool(self.state or self.provider_id or self.message_id)

    def fits(self, facet: Facet) -> bool:
        """Whether entries with this facet may be asked for."""
        asked = (
            (self.creditor, facet.creditor),
            (self.template, facet.template),
            (self.template_version, facet.template_version),
        )
        return (
            all(not wanted or wanted == has for wanted, has in asked)
            and (
                not self.channel or self.channel == facet.channel or f"channel:{self.channel}" in facet.terms
            )
            and (not self.events or facet.event in self.events)
            and (facet.of_message or not self.speaks_of_messages)
            and (facet.with_body or self.words is None)
            and set(self.terms) <= set(facet.terms)
        )
