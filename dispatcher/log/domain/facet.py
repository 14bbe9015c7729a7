"""What an entry of the log shares with many others: the log is searched by it, one index for all of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from json import dumps
from typing import Any

_LONGEST_TERM = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Facet:
    """What many entries share.

    `terms` are `rule:…` (with and without its pack), `channel:…` for each on which a reason refused, `approver:…`,
    and `actor:…` where no message is spoken of.
    """

    id: int
    event: str
    channel: str | None
    creditor: str | None
    template: str | None
    template_version: int | None
    of_message: bool
    with_body: bool
    terms: tuple[str, ...]


@lru_cache(maxsize=16_384)
def facet(
    event: str,
    channel: str | None,
    creditor: str | None,
    template: str | None,
    template_version: int | None,
    *,
    of_message: bool,
    with_body: bool,
    terms: tuple[str, ...],
) -> Facet:
    """Build a facet. Its id is 63 bits of a hash over all of it: who writes needs to ask nobody for one."""
    key = [event, channel, creditor, template, template_version, of_message, with_body, terms]
    digest = sha256(dumps(key, separators=(",", ":")).encode()).digest()
    return Facet(
        id=int.from_bytes(digest[:8], "big") >> 1,
        event=event,
        channel=channel,
        creditor=creditor,
        template=template,
        template_version=template_version,
        of_message=of_message,
        with_body=with_body,
        terms=terms,
    )


def facet_of(document: Mapping[str, Any]) -> Facet:
    """Build the facet of an entry's canonical document."""
    reasons = document.get("reasons") or ()
    message_id = document.get("message_id")
    return facet(
        document["event"],
        document.get("channel"),
        document.get("creditor"),
        document.get("template"),
        document.get("template_version"),
        of_message=message_id is not None,
        with_body=document.get("body_sha256") is not None,
        terms=terms_of(
            reasons, document.get("details"), None if message_id or reasons else document["actor"]
        ),
    )


def terms_of(
    reasons: Iterable[Mapping[str, Any]], details: Mapping[str, Any] | None, actor: str | None
) -> tuple[str, ...]:
    """List what an entry is found by beyond its columns. Workers act on messages: `actor` is None there."""
    terms = set()
    for reason in reasons:
        if "rule" in reason:
            terms.add(f"rule:{reason['rule']}"[:_LONGEST_TERM])
            if "pack" in reason:
                terms.add(f"rule:{reason['pack']}/{reason['rule']}"[:_LONGEST_TERM])
        terms.update(f"channel:{channel}" for channel in reason.get("channels", ()))
    approver = (details or {}).get("approver")
    if approver:
        terms.add(f"approver:{approver}"[:_LONGEST_TERM])
    if actor is not None:
        terms.add(f"actor:{actor}"[:_LONGEST_TERM])
    return tuple(sorted(terms))
