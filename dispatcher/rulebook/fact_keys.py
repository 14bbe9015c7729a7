"""The keys of contact facts and what each may hold; reading names every key that is unknown or holds something else."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from dispatcher.domain import facts as f
from dispatcher.domain.guards.wishes import WEEKDAYS, clock
from dispatcher.domain.zones import zone_info

Reader = Callable[[Any], Any]
Problems = list[tuple[str, str]]


class _UnreadableError(ValueError):
    """A value that its key cannot hold."""


def read_facts(obj: object, problems: Problems) -> dict[str, Any]:
    """The values by key, nested as in the JSON; what cannot be read is added to `problems` as (key, what is wrong)."""
    return _object(_FACTS, obj, "", problems)


def known_keys() -> tuple[str, ...]:
    """Every key that facts may hold, as dotted paths, in order."""
    return tuple(sorted(_paths(_FACTS, "")))


def _paths(table: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, reader in table.items():
        inner = reader if isinstance(reader, dict) else reader.table if isinstance(reader, _Many) else None
        dots = "[]." if isinstance(reader, _Many) else "."
        if inner is None:
            yield f"{path}{key}"
        else:
            yield from _paths(inner, f"{path}{key}{dots}")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _UnreadableError(f"is {value!r}, not a text")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _UnreadableError(f"is {value!r}, not true or false")


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _UnreadableError(f"is {value!r}, not a whole number")


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(_text(value)[:10])
    except ValueError:
        raise _UnreadableError(f"is {value!r}, not a date (2026-11-23)") from None


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        raise _UnreadableError(f"is {value!r}, not an instant (2026-11-23T10:00:00Z)") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _hour(value: Any) -> str:
    try:
        clock(_text(value))
    except ValueError:
        raise _UnreadableError(f"is {value!r}, not a time of day (HH:MM)") from None
    return str(value)


def _zone(value: Any) -> str:
    try:
        zone_info(_text(value))
    except ValueError as error:
        raise _UnreadableError(f"is no time zone: {error}") from None
    return str(value)


def _said(value: Any) -> Any:
    """Anything: a value that repeats another key or decides nothing."""
    return value


def _truth(value: Any) -> bool:
    return bool(value)


def _one_of(*words: str) -> Reader:
    def read(value: Any) -> str:
        if value in words:
            return str(value)
        raise _UnreadableError(f"is {value!r}, none of {', '.join(words)}")

    return read


def _list(reader: Reader) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _UnreadableError(f"is {value!r}, not a list")
        return tuple(reader(item) for item in value)

    return read


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(part) for part in _list(_text)(value))


def _remarks(value: Any) -> tuple[str, ...]:
    """What else a text holds: its parts, or whether it holds any."""
    if isinstance(value, list):
        return _texts(value)
    if isinstance(value, str):
        return (value,) if value else ()
    return ("other content",) if _flag(value) else ()


def _form(value: Any) -> str:
    """How something was said: every word for speaking (`phone_call`) is oral."""
    form = _text(value).casefold()
    return "oral" if f.ORAL_FORMS.intersection([form, *re.split(r"[\s_-]+", form)]) else form


def _or(reader: Reader, *, null: Any) -> Reader:
    """Null has a meaning of its own: nothing on file."""

    def read(value: Any) -> Any:
        return null if value is None else reader(value)

    return read


_optional_text, _optional_day = _or(_text, null=None), _or(_day, null=None)
_optional_moment, _many_texts = _or(_moment, null=None), _or(_texts, null=())
_any_remarks = _or(_remarks, null=())
_off, _on, _finding = _or(_flag, null=False), _or(_flag, null=True), _or(_flag, null=None)
_consent = _off  # null: none on file


@dataclass(frozen=True, slots=True)
class _Many:
    table: Mapping[str, Any]


def _object(table: Mapping[str, Any], obj: object, path: str, problems: Problems) -> dict[str, Any]:
    if not isinstance(obj, dict):
        problems.append((path.rstrip(".") or "facts", f"is {obj!r}, not an object"))
        return {}
    return dict(_pairs(table, obj, path, problems))


def _pairs(
    table: Mapping[str, Any], obj: dict[str, Any], path: str, problems: Problems
) -> Iterator[tuple[str, Any]]:
    for key, value in obj.items():
        reader = table.get(key)
        where = f"{path}{key}"
        if reader is None:
            problems.append((where, "is no fact that we know"))
        elif isinstance(reader, dict):
            if value is not None:
                yield key, _object(reader, value, f"{where}.", problems)
        elif isinstance(reader, _Many):
            items = value if isinstance(value, list) else [] if value is None else [value]
            yield (
                key,
                tuple(_object(reader.table, v, f"{where}[{i}].", problems) for i, v in enumerate(items)),
            )
        else:
            try:
                yield key, reader(value)
            except _UnreadableError as problem:
                problems.append((where, str(problem)))


_CONTENT = {
    **dict.fromkeys(
        ("optout_notice", "sender_identified", "initial_disclosure", "subsequent_disclosure"), _finding
    ),
    **dict.fromkeys(("resembles_court_document", "threatening", "threatens_suit", "disguised_purpose"), _off),
    **dict.fromkeys(("asks_reason_for_default", "marketing", "asks_scope"), _off),
    "demands_payment_before_validation_end": _off,
    "only_confirms_optout": _finding,
    "confirms": _or(_truth, null=None),
    "optout_text": _optional_text,
    "optout_methods": _or(_texts, null=None),
    "missing": _many_texts,
    "disclosure_language": _optional_text,
    "language": _optional_text,
    "first_contact_scope": _or(_texts, null=None),
    "extra": _any_remarks,
    "other_content": _any_remarks,
    "validation_period_end": _optional_day,
    "in_initial_communication": _finding,
}
_LIMITED = {
    "is_voicemail": _finding,
    "business_name": _optional_text,
    "reveals_collection_business": _off,
    "request_reply": _on,
    "natural_person_names": _many_texts,
    "reply_numbers": _many_texts,
    "optional": _many_texts,
    "other_content": _any_remarks,
}
_RECIPIENT = {"relation": _text, "consumer_deceased": _finding, "consumer_is_minor": _finding}
_ADDRESS_BASIS = {
    "type": _text,
    "notice_sent": _optional_day,
    "optout_by": _optional_day,
    "public_domain": _finding,
    "opted_out": _off,
}
_NUMBER_BASIS = {
    "type": _text,
    "last_text": _optional_day,
    "consent_on": _optional_day,
    "rnd_check": _optional_day,
    "rnd_result": _optional_text,
}
_CALL_CONSENT = {"given_utc": _moment, "directly_to_collector": _on, "scope": _optional_text}
_ACTION = {
    "channel": _one_of(*f.Channel),
    "kind": _one_of(*f.Kind),
    "to": _optional_text,
    "debts": _many_texts,
    "line": _optional_text,
    "address_place": _optional_text,
    "format": _optional_text,
    "visibility": _optional_text,
    "addressee": _optional_text,
    "caller_id": _optional_text,
    "in_initial_communication": _finding,
    "queued_local": _said,
    "observed_delivered_local": _said,
    "recipient": _RECIPIENT,
    "address_basis": _ADDRESS_BASIS,
    "number_basis": _NUMBER_BASIS,
    "employer_provided": _off,
    "consumer_used_it_with_collector": _finding,
    "consent": _consent,
    "esign_consent": _consent,
    "email_consent": _consent,
    "call_consent": _CALL_CONSENT,
    "opted_out": _off,
    "autodialled": _finding,
    "prerecorded": _off,
    "ai_voice": _off,
    "limited_content": _LIMITED,
    "content": _CONTENT,
}
_HISTORY = {
    "at_utc": _moment,
    "at_local": _said,
    "channel": _text,
    "outcome": _text,
    "direction": _optional_text,
    "debts": _many_texts,
    "kind": _optional_text,
    "to": _optional_text,
    "text": _optional_text,
    "address_place": _optional_text,
    "prerecorded": _off,
    "consent_to_other_medium": _optional_text,
}
_OPTOUT = {
    "address": _optional_text,
    "medium": _optional_text,
    "scope": _optional_text,
    "at_utc": _optional_moment,
    "raw": _optional_text,
}
_WISH = {"days": _list(_one_of(*WEEKDAYS)), "from": _hour, "to": _hour, "source": _optional_text}
_NOTICE = {"received_utc": _optional_moment, "form": _form, "medium_accepted": _finding}
_FACTS: dict[str, Any] = {
    "packs": _list(_text),
    "now_utc": _moment,
    "now_local": _said,
    "now_local_tz": _said,
    "tz_candidates": _Many({"source": _text, "tz": _zone, "authoritative": _off}),
    "action": _ACTION,
    "history": _Many(_HISTORY),
    "optouts": _Many(_OPTOUT),
    "optouts_inbound_raw": _optional_text,
    "inconvenient_times": _Many(_WISH),
    "inconvenient_places": _many_texts,
    "consumer_statements": _Many({"at_utc": _optional_moment, "text": _text}),
    "attorney": {
        "represented": _off,
        "contact_known": _off,
        "unresponsive": _off,
        "consented_to_direct_contact": _off,
    },
    "cease": _NOTICE,
    "refusal_to_pay": _NOTICE,
    "dispute": {
        "received": _optional_day,
        "form": _form,
        "validation_period_end": _optional_day,
        "verification_sent": _optional_day,
    },
    "original_creditor_request": {"received": _optional_day, "answered": _optional_day, "form": _form},
    "bankruptcy": {"pending": _off},
    "breathing_space_until": _optional_day,
    "workplace": {
        "employer_prohibits": _off,
        "oral_request": _optional_day,
        "written_confirmation": _optional_day,
    },
    "debt": {
        "due": _optional_day,
        "days_past_due": _or(_whole, null=None),
        "time_barred": _off,
        "acquired_by_credit_purchaser": _off,
        "transfer_notice_sent": _or(_day, null=f.NOTHING_ON_FILE),
    },
    "debt_groups": _said,
    "validation_period_end": _optional_day,
    "notice_sent": _or(_day, null=f.NOTHING_ON_FILE),
    "authorised_channels": _many_texts,
    "call_consent": _CALL_CONSENT,
    "email_consent": _consent,
    "esign_consent": _consent,
    "sender": {"role": _optional_text},
    "holidays": _or(_list(_day), null=()),
    "system": {"audit_log_writable": _off},
}
