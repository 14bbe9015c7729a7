"""Tells the entries of a person as a story: what was sent when, what was kept back and why, what came of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_SAID = {
    "planned": ("plan", "Planned {step} by {channel}"),
    "queued": ("", ""),
    "attempting": ("", ""),
    "accepted": ("sent", "Sent {step} by {channel}"),
    "delivered": ("good", "Delivered"),
    "bounced": ("bad", "Came back: the address does not take it"),
    "returned": ("bad", "The letter came back"),
    "rejected": ("bad", "The provider rejected it"),
    "retry": ("note", "Not taken for now; tried again later"),
    "unknown": ("bad", "It is not known whether it arrived"),
    "complained": ("bad", "The person called it unwanted"),
    "blocked": ("kept", "Not sent: {step} by {channel} is not allowed"),
    "deferred": ("kept", "Kept until it is allowed: {step} by {channel}"),
    "held": ("kept", "Held for a person to decide: {step} by {channel}"),
    "cancelled": ("kept", "Cancelled before sending: {step} by {channel}"),
    "expired": ("kept", "Not sent in time and given up: {step} by {channel}"),
    "opted_out": ("reply", "The person said stop"),
    "inbound": ("reply", "The person answered"),
    "erased": ("note", "Personal values and bodies were erased"),
}
_ON_A_GROUND = frozenset({"planned", "accepted", "blocked", "held", "deferred"})
_TELLING = frozenset({"reason", "code", "why", "source", "hold", "not_before", "medium"})
_CHANNELS = {"email": "e-mail", "sms": "SMS", "letter": "letter"}


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineItem:
    """One thing that happened. `tone` is plan, sent, good, bad, kept, reply or note."""

    position: int
    local: str
    utc: str
    tone: str
    headline: str
    facts: tuple[tuple[str, str], ...]
    reasons: tuple[tuple[str, str], ...]
    body_sha256: str | None
    actor: str


def timeline(lines: Iterable[Mapping[str, Any]]) -> list[TimelineItem]:
    """Turn export lines, in their order, into items; steps inside the machine are left out."""
    return [item for line in lines if (item := _item(line)) is not None]


def _item(line: Mapping[str, Any]) -> TimelineItem | None:
    event = str(line["event"])
    tone, words = _SAID.get(event, ("note", event.replace("_", " ").capitalize()))
    if not words:
        return None
    channel = str(line.get("channel") or "")
    told = words.format(
        step=str(line.get("step") or "a message").replace("-", " "),
        channel=_CHANNELS.get(channel, channel or "any channel"),
    )
    return TimelineItem(
        position=int(line["position"]),
        local=_local(line),
        utc=f"{datetime.fromisoformat(line['at']):%Y-%m-%d %H:%M:%S} UTC",
        tone=tone,
        headline=told,
        facts=tuple(_facts(line, event)),
        reasons=tuple(_reasons(line)),
        body_sha256=line.get("body_sha256") if event == "accepted" else None,
        actor=str(line["actor"]),
    )


def _local(line: Mapping[str, Any]) -> str:
    """The debtor's own clock, in words; UTC where their zone is not known."""
    at = datetime.fromisoformat(line["local_time"] or line["at"])
    zones = ", ".join(line["zones"]) if line["local_time"] else "UTC"
    return f"{at:%A} {at.day} {at:%B %Y, %H:%M} ({zones})"


def _facts(line: Mapping[str, Any], event: str) -> Iterator[tuple[str, str]]:
    if event in _ON_A_GROUND:
        yield from _ground(line)
    if event == "accepted":
        yield "text", f"{line['template']}, version {line['template_version']}"
        yield "handed to", f"{line['provider']} ({line['provider_id'] or 'no number'})"
    for name, value in (line["details"] or {}).items():
        if isinstance(value, str | int) and name in _TELLING:
            yield name.replace("_", " "), str(value)


def _ground(line: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if line["address"]:
        yield "to", str(line["address"])
    if line["debts"]:
        yield "debts", ", ".join(map(str, line["debts"]))
    if line["balance"]:
        yield "balance", f"{line['balance']} {line['currency']}{_age(line['days_past_due'])}"
    if line["rule_packs"]:
        yield "checked against", ", ".join(map(str, line["rule_packs"]))


def _age(days: int | None) -> str:
    if days is None:
        return ""
    if days == 0:
        return ", due that day"
    return f", {days} days past due" if days > 0 else f", due {-days} days later"


def _reasons(line: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Why it was kept back, or why the channels preferred were passed over."""
    others = (line["details"] or {}).get("other_channels") or ()
    for reason in (*(line["reasons"] or ()), *others):
        rule = "/".join(str(reason[part]) for part in ("pack", "rule") if reason.get(part))
        until = f" (until {reason['not_before']})" if reason.get("not_before") else ""
        source = " ".join(part for part in (rule, str(reason.get("reference") or "")) if part)
        yield f"{reason.get('detail') or reason.get('decision') or ''}{until}", source
