"""The keys of contact facts and what each may hold; reading names every key that is unknown or holds something else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dispatcher.gate import facts as f
from dispatcher.gate.guards.wishes import WEEKDAYS
from dispatcher.rulebook.fact_values import (
    UnreadableError,
    amount,
    any_remarks,
    anything,
    consent,
    day,
    day_on_file,
    days,
    finding,
    form,
    ground,
    groups,
    hour,
    last_day,
    list_of,
    many_texts,
    moment,
    off,
    on,
    one_of,
    optional_day,
    optional_moment,
    optional_text,
    or_null,
    text,
    texts,
    truth,
    wall_time,
    zone_or_none,
)

Problems = list[tuple[str, str]]
SENDER_ROLES = (
    "original_creditor",
    "third_party_collector",
    "third_party",
    "debt_buyer",
    "law_firm",
    "credit_purchaser",
)


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
            except UnreadableError as problem:
                problems.append((where, str(problem)))


_CONTENT = {
    **dict.fromkeys(
        ("optout_notice", "sender_identified", "initial_disclosure", "subsequent_disclosure"), finding
    ),
    **dict.fromkeys(("resembles_court_document", "threatening", "threatens_suit", "disguised_purpose"), off),
    **dict.fromkeys(("asks_reason_for_default", "marketing", "asks_scope"), off),
    "demands_payment_before_validation_end": off,
    "only_confirms_optout": finding,
    "confirms": or_null(truth, null=None),
    "optout_text": optional_text,
    "optout_methods": or_null(texts, null=None),
    "missing": many_texts,
    "disclosure_language": optional_text,
    "language": optional_text,
    "first_contact_scope": or_null(texts, null=None),
    "extra": any_remarks,
    "other_content": any_remarks,
    "validation_period_end": optional_day,
    "in_initial_communication": finding,
    "claims_costs": finding,
    "costs": or_null(amount, null=None),
    "complete": off,
    "looked_for": many_texts,
    "said": many_texts,
}
_LIMITED = {
    "is_voicemail": finding,
    "business_name": or_null(text, null=""),
    "reveals_collection_business": off,
    "request_reply": on,
    "natural_person_names": many_texts,
    "reply_numbers": many_texts,
    "optional": many_texts,
    "other_content": any_remarks,
}
_RECIPIENT = {"relation": text, "consumer_deceased": finding, "consumer_is_minor": finding}
_ADDRESS_BASIS = {
    "type": text,
    "notice_sent": day_on_file,
    "optout_by": day_on_file,
    "public_domain": finding,
    "opted_out": consent,
}
_NUMBER_BASIS = {
    "type": text,
    "last_text": day_on_file,
    "consent_on": day_on_file,
    "rnd_check": day_on_file,
    "rnd_result": optional_text,
}
_CALL_CONSENT = {"given_utc": moment, "directly_to_collector": on, "scope": optional_text}
_ACTION = {
    "channel": one_of(*f.Channel),
    "kind": one_of(*f.Kind),
    "to": optional_text,
    "debts": many_texts,
    "line": optional_text,
    "address_place": optional_text,
    "format": optional_text,
    "visibility": optional_text,
    "addressee": optional_text,
    "caller_id": optional_text,
    "in_initial_communication": finding,
    "notice": optional_text,
    "queued_local": anything,
    "observed_delivered_local": anything,
    "recipient": _RECIPIENT,
    "address_basis": _ADDRESS_BASIS,
    "number_basis": _NUMBER_BASIS,
    "employer_provided": off,
    "consumer_used_it_with_collector": or_null(ground, null=None),
    "consent": consent,
    "esign_consent": consent,
    "email_consent": consent,
    "call_consent": _CALL_CONSENT,
    "opted_out": consent,
    "autodialled": finding,
    "prerecorded": off,
    "ai_voice": off,
    "approved_form": finding,
    "limited_content": _LIMITED,
    "content": _CONTENT,
}
_HISTORY = {
    "at_utc": optional_moment,
    "at_local": wall_time,
    "channel": text,
    "outcome": text,
    "direction": optional_text,
    "debts": many_texts,
    "kind": optional_text,
    "to": optional_text,
    "text": optional_text,
    "address_place": optional_text,
    "prerecorded": off,
    "consent_to_other_medium": optional_text,
}
_OPTOUT = {
    "address": optional_text,
    "medium": optional_text,
    "scope": optional_text,
    "at_utc": optional_moment,
    "raw": optional_text,
}
_WISH = {"days": list_of(one_of(*WEEKDAYS)), "from": hour, "to": hour, "source": optional_text}
_NOTICE = {"received_utc": optional_moment, "form": form, "medium_accepted": finding}
_ATTORNEY = {
    **dict.fromkeys(("represented", "contact_known", "unresponsive", "on_other_debts"), off),
    "consented_to_direct_contact": off,
}
_FACTS: dict[str, Any] = {
    "packs": list_of(text),
    "now_utc": moment,
    "now_local": anything,
    "now_local_tz": anything,
    "tz_candidates": _Many({"source": text, "tz": zone_or_none, "authoritative": off}),
    "action": _ACTION,
    "history": _Many(_HISTORY),
    "optouts": _Many(_OPTOUT),
    "optouts_inbound_raw": optional_text,
    "inconvenient_times": _Many(_WISH),
    "inconvenient_places": many_texts,
    "consumer_statements": _Many({"at_utc": optional_moment, "text": text}),
    "attorney": _ATTORNEY,
    "cease": _NOTICE,
    "refusal_to_pay": _NOTICE,
    "dispute": {
        "received": optional_day,
        "form": form,
        "validation_period_end": optional_day,
        "verification_sent": optional_day,
    },
    "original_creditor_request": {"received": optional_day, "answered": optional_day, "form": form},
    "bankruptcy": {"pending": off},
    "breathing_space_until": or_null(last_day, null=None),
    "co_debtors": {
        "bankruptcy_pending": off,
        "breathing_space_until": or_null(last_day, null=None),
        "deceased": off,
        "attorney": _ATTORNEY,
        "cease": _NOTICE,
        "refusal_to_pay": _NOTICE,
    },
    "kept": {
        "outcome": one_of("allow", "defer", "hold", "block"),
        "not_before": optional_moment,
        "not_after": optional_moment,
        "put_off": off,
    },
    "workplace": {
        "employer_prohibits": off,
        "oral_request": optional_day,
        "written_confirmation": optional_day,
    },
    "debt": {
        "due": optional_day,
        "days_past_due": or_null(days, null=None),
        "principal": or_null(amount, null=None),
        "time_barred": off,
        "bar_unknown": off,
        "acquired_by_credit_purchaser": off,
        "transfer_notice_sent": day_on_file,
        "procedure_open": off,
    },
    "debt_groups": groups,
    "validation_period_end": optional_day,
    "validation_notice_sent": day_on_file,
    "notice_sent": day_on_file,
    "notice_received": optional_day,
    "notice_channel": optional_text,
    "notice_returned": off,
    "state_of_exception": off,
    "authorised_channels": many_texts,
    "call_consent": _CALL_CONSENT,
    "email_consent": consent,
    "esign_consent": consent,
    "sender": {"role": or_null(one_of(*SENDER_ROLES), null=None)},
    "holidays": or_null(list_of(day), null=()),
    "first_contact": finding,
    "said": list_of(text),
    "law": {
        "places": many_texts,
        "unread": many_texts,
        "unconfirmed": many_texts,
        "unreviewed": many_texts,
        "must_be_confirmed": off,
        "barred_sentences": or_null(texts, null=None),
        "barred_unknown_after_days": or_null(days, null=None),
    },
    "system": {"audit_log_writable": off},
}
