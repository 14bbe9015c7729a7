"""Tells the entries of a person as a story: what was sent when, what was kept back and why, what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.log.domain.events import Event
from dispatcher.log.domain.vocabulary import word
from dispatcher.values.zones import zone_info

_ON_A_GROUND = frozenset({"planned", "accepted", "blocked", "held", "deferred", "cancelled", "expired"})
_TELLING = ("text", "words", "note", "reason", "code", "why", "source", "medium")
_UNTOLD = frozenset(
    {"template_sha256", "hold", "kind", "name", "scope", "also_binds", "to_position"}
)  # said elsewhere, or machinery
_TOLD_WHOLE = "_recorded"  # what a person or a ledger said is told with all that was said
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


@dataclass(frozen=True, slots=True)
class _Known:
    """What other entries tell: the zones of each person, and until when each message was allowed to go."""

    zones: Mapping[str, Sequence[str]]
    windows: Mapping[str, str]

    def zones_of(self, line: Mapping[str, Any]) -> Sequence[str]:
        """The entry's own zones, else those of the same person."""
        return line["zones"] or self.zones.get(line.get("person") or "", ())


def is_told(line: Mapping[str, Any]) -> bool:
    """Whether a story needs this line: steps inside the machine are left out."""
    return line["event"] == "attempting" or _words(line["event"])[1] != ""


def timeline(lines: Sequence[Mapping[str, Any]]) -> list[TimelineItem]:
    """Turn export lines into items, in order of time."""
    known = _Known(
        zones={line["person"]: line["zones"] for line in lines if line.get("person") and line["zones"]},
        windows={
            line["message_id"]: line["details"]["not_after"]
            for line in lines
            if line["event"] == "attempting" and (line["details"] or {}).get("not_after")
        },
    )
    in_order = sorted(lines, key=lambda line: (line["at"], line["position"]))
    return [item for line in in_order if (item := _item(line, known)) is not None]


def _words(event: str) -> tuple[str, str]:
    """(tone, sentence); a word of an older log that ours no longer has speaks for itself."""
    if event not in set(Event):
        return "note", event.replace("_", " ").capitalize()
    meaning = word(event)
    return meaning.tone.value, meaning.says


def _item(line: Mapping[str, Any], known: _Known) -> TimelineItem | None:
    event = str(line["event"])
    tone, words = _words(event)
    if not words:
        return None
    channel = str(line.get("channel") or "")
    told = words.format(
        step=str(line.get("step") or "a message").replace("-", " "),
        channel=_CHANNELS.get(channel, channel or "any channel"),
        hold=_hold(line["details"] or {}),
        arrangement=(line["details"] or {}).get("arrangement_kind", "promise"),
        instalment=(line["details"] or {}).get("instalment", ""),
    )
    at, zones = datetime.fromisoformat(line["at"]), known.zones_of(line)
    return TimelineItem(
        position=int(line["position"]),
        local=_local(at, zones),
        utc=f"{at:%Y-%m-%d %H:%M:%S} UTC",
        tone=tone,
        headline=told,
        facts=tuple(_facts(line, event, known)),
        reasons=tuple(_reasons(line, zones)),
        body_sha256=line.get("body_sha256") if event == "accepted" else None,
        actor=str(line["actor"]),
    )


def _local(at: datetime, zones: Sequence[str]) -> str:
    """The debtor's own clock, in words; UTC where their zone is not known."""
    local = at.astimezone(zone_info(zones[0])) if zones else at
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({', '.join(zones) or 'UTC'})"


def _facts(line: Mapping[str, Any], event: str, known: _Known) -> Iterator[tuple[str, str]]:
    if event in _ON_A_GROUND:
        yield from _ground(line)
    details = line["details"] or {}
    if event == "accepted":
        if line["message_id"] in known.windows:
            until = datetime.fromisoformat(known.windows[line["message_id"]])
            yield "allowed until", _local(until, known.zones_of(line))
        yield "text", f"{line['template']}, version {line['template_version']}"
        yield "handed to", f"{line['provider']} ({line['provider_id'] or 'no number'})"
    if details.get("not_before"):
        yield "not before", _local(datetime.fromisoformat(details["not_before"]), known.zones_of(line))
    said = {**(line.get("personal") or {}), **details}
    names = dict.fromkeys((*_TELLING, *(said if event.endswith(_TOLD_WHOLE) else ())))
    for name in names:
        if name not in _UNTOLD and (value := _plain(said.get(name))):
            yield name.replace("_", " "), value


def _plain(value: Any) -> str:
    """A value as people read it; empty for what only a machine reads."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, str | int) else ""


def _hold(details: Mapping[str, Any]) -> str:
    """What kind of hold; logs of before 2027 called it a kind where a reply was unclear."""
    return str(details.get("hold") or details.get("kind") or "a hold").replace("_", " ")


def _ground(line: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if line["address"]:
        yield "to", str(line["address"])
    if line["debts"]:
        yield "debts", ", ".join(map(str, line["debts"]))
    if line["balance"]:
        yield "balance", f"{_grouped(line['balance'])} {line['currency']}{_age(line['days_past_due'])}"
    if line["rule_packs"]:
        allowed = line["event"] == "accepted" or line["decision"] == "allow"
        yield "allowed by" if allowed else "checked against", ", ".join(map(str, line["rule_packs"]))


def _grouped(amount: str) -> str:
    whole, point, rest = amount.partition(".")
    return f"{int(whole):,}{point}{rest}" if whole.isdecimal() else amount


def _age(days: int | None) -> str:
    if days is None:
        return ""
    if days == 0:
        return ", due that day"
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f", {count} past due" if days > 0 else f", due {count} later"


def _reasons(line: Mapping[str, Any], zones: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Why it was kept back, or why the channels preferred were passed over."""
    others = (line["details"] or {}).get("other_channels") or ()
    for reason in (*(line["reasons"] or ()), *others):
        rule = "/".join(str(reason[part]) for part in ("pack", "rule") if reason.get(part))
        channels = ", ".join(_CHANNELS.get(each, each) for each in reason.get("channels") or ())
        source = " ".join(part for part in (rule, str(reason.get("reference") or "")) if part)
        source += f" ({channels})" if channels else ""
        yield f"{reason.get('detail') or reason.get('decision') or ''}{_until(reason, zones)}", source


def _until(reason: Mapping[str, Any], zones: Sequence[str]) -> str:
    if not reason.get("not_before"):
        return ""
    return f"; not before {_local(datetime.fromisoformat(reason['not_before']), zones)}"
