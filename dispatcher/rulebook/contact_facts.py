"""Contact facts from JSON, every key known or the answer says which is not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.gate import facts as f
from dispatcher.people.domain.optout_words import OptOutTable, classify_reply
from dispatcher.rulebook.fact_keys import Problems, read_facts
from dispatcher.values.zones import UnknownZoneError, zone_info

Json = Mapping[str, Any]
_NEEDED = ("now_utc", "action")


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownKeys:
    """The facts cannot be read in full: the `keys` that are unknown, or hold a value that is none of theirs."""

    keys: tuple[str, ...]
    detail: str


def parse_facts(obj: object, words: OptOutTable) -> f.ContactFacts | UnknownKeys:
    """The facts of one contact, or the keys that nobody may ignore. `packs`, which names the law, is the caller's.

    `words` reads what the debtor answered: a plain stop becomes an opt-out, a doubtful one an unclear reply.
    """
    problems: Problems = []
    read = read_facts(obj, problems)
    problems += [(key, "is missing") for key in _NEEDED if isinstance(obj, dict) and key not in obj]
    if "channel" not in read.get("action", {}) and not any(key.startswith("action") for key, _ in problems):
        problems.append(("action.channel", "is missing"))
    problems += _undated(read)
    if problems:
        detail = "; ".join(f"{key} {what}" for key, what in problems)
        return UnknownKeys(keys=tuple(key for key, _ in problems), detail=detail)
    return _contact(read, words)


def _undated(read: Json) -> Problems:
    """Earlier contacts of which nobody says when they were, or says it on a clock of no known zone."""
    zone = _clock_zone(read)
    return [
        (f"history[{i}].at_utc", "is missing")
        for i, entry in enumerate(read.get("history", ()))
        if entry.get("at_utc") is None and (zone is None or entry.get("at_local") is None)
    ]


def _clock_zone(read: Json) -> str | None:
    """The zone of the debtor's clock, on which `at_local` is told: the asker's, else the first candidate's."""
    candidates = [candidate.get("tz", "") for candidate in read.get("tz_candidates", ())]
    return next((name for name in (str(read.get("now_local_tz")), *candidates) if _is_zone(name)), None)


def _is_zone(name: str) -> bool:
    try:
        zone_info(name)
    except UnknownZoneError:
        return False
    return True


def _contact(read: Json, words: OptOutTable) -> f.ContactFacts:
    zone = _clock_zone(read)
    history = tuple(_history(entry, zone) for entry in read.get("history", ()))
    heard = _heard(read, history, words)
    return f.ContactFacts(
        now=read["now_utc"],
        action=_action(read),
        zones=tuple(_candidates(read)),
        history=history,
        opt_outs=(*(_opt_out(stop) for stop in read.get("optouts", ())), *heard.opt_outs),
        unclear_replies=heard.unclear,
        inconvenient_times=tuple(_wish(wish) for wish in read.get("inconvenient_times", ())),
        inconvenient_places=read.get("inconvenient_places", ()),
        statements=tuple(
            f.Statement(text=said.get("text", ""), at=said.get("at_utc"))
            for said in read.get("consumer_statements", ())
        ),
        attorney=_attorney(read),
        cease=_notice(read.get("cease")),
        refusal_to_pay=_notice(read.get("refusal_to_pay")),
        dispute=_maybe(f.Dispute, read.get("dispute")),
        original_creditor_request=_maybe(f.OriginalCreditorRequest, read.get("original_creditor_request")),
        bankruptcy_pending=read.get("bankruptcy", {}).get("pending", "bankruptcy" in read),
        breathing_space_until=read.get("breathing_space_until"),
        co_debtors=_co_debtors(read.get("co_debtors", {})),
        workplace=_maybe(f.Workplace, read.get("workplace")),
        debt=f.DebtFacts(**read.get("debt", {})),
        debt_groups=read.get("debt_groups", {}),
        validation_period_end=read.get("validation_period_end"),
        validation_notice_sent=read.get("validation_notice_sent"),
        notice_sent=read.get("notice_sent"),
        notice_received=read.get("notice_received"),
        notice_channel=read.get("notice_channel"),
        notice_returned=read.get("notice_returned", False),
        state_of_exception=read.get("state_of_exception", False),
        authorised_channels=frozenset(read["authorised_channels"]) if "authorised_channels" in read else None,
        call_consent=_call_consent(read.get("call_consent") or read["action"].get("call_consent")),
        email_consent=read["action"].get("email_consent", read.get("email_consent")),
        sender_role=read.get("sender", {}).get("role"),
        holidays=read.get("holidays", ()),
        law=f.LawRead(**read["law"]) if "law" in read else None,
        first_contact=read.get("first_contact"),
        said=frozenset(read["said"]) if "said" in read else None,
        kept=_maybe(f.Kept, read.get("kept")),
        system=f.SystemFacts(**read.get("system", {})),
    )


def _candidates(read: Json) -> Iterator[f.ZoneCandidate]:
    for one in read.get("tz_candidates", ()):
        if one.get("tz") != "":
            yield f.ZoneCandidate(
                source=one.get("source", ""),
                zone=one.get("tz", ""),
                authoritative=one.get("authoritative", False),
            )


def _attorney(read: Json) -> f.Attorney | None:
    return _maybe(f.Attorney, {"represented": False} | read["attorney"]) if "attorney" in read else None


def _co_debtors(read: Json) -> f.CoDebtorFacts:
    notices = {key: _notice(read.get(key)) for key in ("cease", "refusal_to_pay")}
    return f.CoDebtorFacts(**{**read, **notices, "attorney": _attorney(read)})


def _maybe(kind: Any, read: Json | None) -> Any:
    return None if read is None else kind(**read)


_RELATIONS = {  # other words for the relations that packs name
    "attorney": "consumer_attorney",
    "aval": "guarantor",
    "avalista": "guarantor",
    "borrower": "debtor",
    "co_borrower": "joint_debtor",
    "co_debtor": "joint_debtor",
    "co_signer": "guarantor",
    "codebtor": "joint_debtor",
    "codeudor": "joint_debtor",
    "consumer": "debtor",
    "consumers_attorney": "consumer_attorney",
    "cosigner": "guarantor",
    "cra": "consumer_reporting_agency",
    "credit_bureau": "consumer_reporting_agency",
    "debtors_attorney": "consumer_attorney",
    "deudor_solidario": "joint_debtor",
    "fiador": "guarantor",
    "husband": "spouse",
    "legal_guardian": "guardian",
    "original_creditor": "creditor",
    "surety": "guarantor",
    "wife": "spouse",
}
_PARTS = {"recipient": f.Recipient, "limited_content": f.LimitedContent}
_ELSEWHERE = {"queued_local", "observed_delivered_local", "email_consent", "call_consent"}


def _action(read: Json) -> f.Action:
    action = {"esign_consent": read.get("esign_consent")} | {
        k: v for k, v in read["action"].items() if k not in _ELSEWHERE
    }
    recipient = action.get("recipient", {})
    if "relation" in recipient:
        action["recipient"] = recipient | {"relation": _relation(recipient["relation"])}
    for key, kind in _PARTS.items():
        if key in action:
            action[key] = kind(**action[key])
    for key, kind in (("address_basis", f.AddressBasis), ("number_basis", f.NumberBasis)):
        if key in action:
            action[key] = kind(**({"type": "none"} | action[key]))
    if "content" in action:
        content = dict(action["content"])
        initial = content.pop("in_initial_communication", None)
        action.setdefault("in_initial_communication", initial)
        action["content"] = f.ContentFindings(**content)
    return f.Action(**action)


def _relation(word: str) -> str:
    plain = re.sub(r"[\s-]+", "_", word.strip().casefold().replace("'", ""))
    return _RELATIONS.get(plain, plain)


def _history(entry: Json, zone: str | None) -> f.HistoryEntry:
    values = {key: value for key, value in entry.items() if key not in {"at_utc", "at_local"}}
    at = entry.get("at_utc") or _on_the_clock(entry["at_local"], zone)
    return f.HistoryEntry(**({"channel": "", "outcome": ""} | values), at=at)


def _on_the_clock(wall: datetime, zone: str | None) -> datetime:
    return wall if wall.tzinfo or zone is None else wall.replace(tzinfo=zone_info(zone))


def _opt_out(stop: Json) -> f.OptOut:
    values = {key: value for key, value in stop.items() if key != "at_utc"}
    return f.OptOut(**values, at=stop.get("at_utc"))


def _wish(wish: Json) -> f.InconvenientTime:
    return f.InconvenientTime(
        days=wish.get("days", ()),
        since=wish.get("from", "00:00"),
        until=wish.get("to", "24:00"),
        source=wish.get("source") or "consumer_statement",
    )


def _notice(read: Json | None) -> f.Cease | None:
    if read is None:
        return None
    return f.Cease(
        received=read.get("received_utc"),
        form=read.get("form", "letter"),
        medium_accepted=read.get("medium_accepted"),
    )


def _call_consent(read: Json | None) -> f.CallConsent | None:
    if not read or "given_utc" not in read:
        return None
    return f.CallConsent(
        given=read["given_utc"],
        directly_to_collector=read.get("directly_to_collector", True),
        scope=read.get("scope"),
    )


# ---- what the debtor said

_MEDIA = frozenset({"sms", "call", "email", "letter"})
_MISTYPED_WORDS = 3  # a longer answer that holds a word like "stop" by chance is no opt-out


@dataclass(frozen=True, kw_only=True, slots=True)
class _Heard:
    opt_outs: tuple[f.OptOut, ...]
    unclear: tuple[str, ...]


def _heard(read: Json, history: tuple[f.HistoryEntry, ...], words: OptOutTable) -> _Heard:
    stops: list[f.OptOut] = []
    unclear: list[str] = []
    said = sorted((e for e in history if e.text and e.direction != "outbound"), key=lambda e: e.at)
    for entry in said:
        text = entry.text or ""
        meaning = classify_reply(text, words)
        if meaning.kind == "stop":
            stops.append(_stop(text, meaning.scope_hint, entry.channel, entry.to, entry.at))
        elif meaning.kind == "start":
            stops = [stop for stop in stops if stop.medium != entry.channel]
        elif meaning.matched and len(text.split()) <= _MISTYPED_WORDS:
            unclear.append(text)
    _hear_statements(read, words, stops, unclear)
    if read.get("optouts_inbound_raw") is not None:
        _hear_raw(read["optouts_inbound_raw"], said, words, stops, unclear)
    return _Heard(opt_outs=tuple(stops), unclear=tuple(sorted(unclear)))


def _hear_statements(read: Json, words: OptOutTable, stops: list[f.OptOut], unclear: list[str]) -> None:
    """A statement that names what to stop stops it; one that means stop and does not say what waits for a person."""
    for statement in read.get("consumer_statements", ()):
        text = statement.get("text", "")
        meaning = classify_reply(text, words)
        if meaning.kind == "stop" and meaning.scope_hint in _MEDIA:
            stops.append(_stop(text, meaning.scope_hint, None, None, statement.get("at_utc")))
        elif meaning.kind == "stop":
            unclear.append(text)


def _hear_raw(
    raw: str, said: list[f.HistoryEntry], words: OptOutTable, stops: list[f.OptOut], unclear: list[str]
) -> None:
    """Words that came as an opt-out: what is not plainly a stop waits for a person."""
    meaning = classify_reply(raw, words)
    if meaning.kind == "stop":
        stops.append(_stop(raw, meaning.scope_hint, said[-1].channel if said else None, None, None))
    elif meaning.kind != "start" and raw not in unclear:
        unclear.append(raw)


def _stop(raw: str, scope: str | None, channel: str | None, to: str | None, at: datetime | None) -> f.OptOut:
    if scope == "all":
        return f.OptOut(scope="all", at=at, raw=raw)
    if scope in (None, "address"):
        return f.OptOut(address=to, medium=channel, scope="address", at=at, raw=raw)
    return f.OptOut(medium=scope, scope="medium", at=at, raw=raw)
