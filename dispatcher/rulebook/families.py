"""The families of rules: for each the parameters it takes (JSON Schema) and the guard they make."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dispatcher.gate.facts import Channel, Kind
from dispatcher.gate.guards import (
    authorisation,
    calendar,
    content,
    cooldown,
    frequency,
    holds,
    opt_outs,
    prerequisites,
    recipients,
    wishes,
)
from dispatcher.gate.guards.guard import Guard
from dispatcher.gate.rules import ALL_KINDS
from dispatcher.gate.windows import LONGEST_WINDOW, Window
from dispatcher.rulebook.holiday_calendar import HolidayCalendar, checked_days, is_known
from dispatcher.rulebook.hours_text import HOURS_SCHEMA, weekly_hours
from dispatcher.values.zones import zone

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleScope:
    """The acts that the rule covers: what a cap counts unless it says otherwise."""

    channels: frozenset[str]
    kinds: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A family: `build` raises ValueError where the parameters contradict each other."""

    build: Callable[[Json, RuleScope], Guard]
    properties: Json = field(default_factory=dict)
    required: tuple[str, ...] = ()

    def schema(self) -> Json:
        """What the parameters must look like."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": self.properties,
            "required": list(self.required),
        }


def enum_list(values: type[Channel] | type[Kind]) -> Json:
    """A list of the words of an enumeration."""
    return {"type": "array", "items": {"enum": [str(v) for v in values]}, "uniqueItems": True, "minItems": 1}


_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
_KINDS, _CHANNELS = enum_list(Kind), enum_list(Channel)
_DAYS = {"type": "integer", "minimum": 0, "maximum": 366}
_FLAG = {"type": "boolean"}
_NAME = {"type": "string", "minLength": 1}
_CALENDAR = {
    "type": "object",
    "additionalProperties": False,
    "oneOf": [{"required": ["country"]}, {"required": ["days"]}],
    "properties": {
        "days": _TEXTS,
        "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "subdivision": {"type": "string"},
        "also": {"type": "array", "items": {"type": "string", "pattern": r"^\d\d-\d\d$"}},
        "optional": _FLAG,
    },
}
_WINDOW = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        "days": {**_DAYS, "maximum": LONGEST_WINDOW - 2},
        "hours": {"type": "integer", "minimum": 1, "maximum": 24 * (LONGEST_WINDOW - 2)},
        "calendar": {"enum": ["week", "month"]},
    },
}
_COUNTING = {
    "counts": {"enum": [frequency.ATTEMPTS, frequency.CONTACTS, frequency.CONVERSATIONS]},
    "count_channels": {**_CHANNELS, "items": {"enum": [*map(str, Channel), "visit"]}},
    "count_places": _TEXTS,
    "count_places_apart": _TEXTS,
    "only_prerecorded": _FLAG,
    "stated_kinds": _FLAG,
}
_RECEIPT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["days"],
    "properties": {"days": _DAYS, "business": _FLAG},
}
_MONEY = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}
_BANDS = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["fixed"],
        "properties": dict.fromkeys(("up_to", "fixed", "percent", "over"), _MONEY),
    },
}
_REACH = {"reach": {"enum": list(holds.REACHES)}}
_CAP = {
    "limit": {"type": "integer", "minimum": 1},
    "window": _WINDOW,
    "unit": {"enum": [frequency.PERSON, frequency.DEBT]},
    "after": {"enum": ["conversation", "direct_contact"]},
    "consent_excludes": _FLAG,
    "during_exception": _FLAG,
    "puts_off": _FLAG,
    **_COUNTING,
}


def _days_off(parameters: Json) -> Json:
    if "calendar" not in parameters:
        return {}
    written = parameters["calendar"]
    if "days" in written:
        return {"days_off": checked_days(tuple(written["days"]))}
    country, subdivision = written["country"], written.get("subdivision")
    if not is_known(country, subdivision):
        raise ValueError(f"no holiday calendar for {country} {subdivision or ''}".rstrip())
    also, optional = tuple(written.get("also", ())), written.get("optional", False)
    return {"days_off": HolidayCalendar(country, subdivision, also, optional=optional)}


def _allowed_time(parameters: Json, scope: RuleScope) -> Guard:
    del scope
    hours = weekly_hours(parameters["hours"])
    if hours.holiday is not None and "calendar" not in parameters:
        raise ValueError("hours on holidays need a calendar that says which days these are")
    location = parameters.get("location", calendar.EVERYWHERE)
    if location not in {calendar.EVERYWHERE, calendar.RESIDENCE, calendar.AREA_CODE}:
        zone(location)
    return calendar.AllowedTime(
        hours=hours,
        location=location,
        replies=frozenset(parameters.get("replies", ())),
        only_marketing=parameters.get("only_marketing", False),
        until_days_past_due=parameters.get("until_days_past_due"),
        **_days_off(parameters),
    )


def _counting(parameters: Json, scope: RuleScope) -> frequency.Counting:
    places = parameters.get("count_places")
    return frequency.Counting(
        channels=frozenset(parameters.get("count_channels", scope.channels)),
        counts=parameters.get("counts", frequency.ATTEMPTS),
        kinds_apart=ALL_KINDS - scope.kinds,
        places=None if places is None else frozenset(places),
        places_apart=frozenset(parameters.get("count_places_apart", ())),
        only_prerecorded=parameters.get("only_prerecorded", False),
        stated_kinds=parameters.get("stated_kinds", False),
    )


def _frequency_cap(parameters: Json, scope: RuleScope) -> frequency.FrequencyCap:
    return frequency.FrequencyCap(
        limit=parameters["limit"],
        window=Window(**parameters["window"]),
        counting=_counting(parameters, scope),
        unit=parameters.get("unit", frequency.PERSON),
        after=parameters.get("after"),
        consent_excludes=parameters.get("consent_excludes", False),
        during_exception=parameters.get("during_exception", False),
        puts_off=parameters.get("puts_off", False),
    )


def _one_channel(parameters: Json, scope: RuleScope) -> Guard:
    return cooldown.OneChannelPerPeriod(
        window=Window(**parameters["window"]), counting=_counting(parameters, scope)
    )


def _cool_down(parameters: Json, scope: RuleScope) -> Guard:
    del scope
    return cooldown.CoolDown(
        window=Window(**parameters["window"]),
        consent_excludes=parameters.get("consent_excludes", False),
        replies=frozenset(parameters.get("replies", ())),
    )


def _forbidden_form(parameters: Json, scope: RuleScope) -> Guard:
    del scope
    for pattern in parameters["patterns"]:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no pattern: {error}") from None
    return recipients.ForbiddenForm(
        field=parameters["field"], patterns=tuple(parameters["patterns"]), words=parameters["words"]
    )


def _written_notice(parameters: Json, scope: RuleScope) -> Guard:
    del scope
    if parameters.get("from") == prerequisites.RECEIVED and "assumed_receipt" not in parameters:
        raise ValueError(
            "days from receipt need assumed_receipt: how long after sending it is taken to arrive"
        )
    receipts = {
        channel: prerequisites.Receipt(**written)
        for channel, written in parameters.get("assumed_receipt", {}).items()
    }
    return prerequisites.WrittenNotice(
        wait_days=parameters.get("wait_days", 0),
        start=parameters.get("from", prerequisites.SENT),
        business=parameters.get("business", False),
        assumed_receipt=receipts,
        costs_only=parameters.get("costs_only", False),
        **_days_off(parameters),
    )


def _cost_cap(parameters: Json, scope: RuleScope) -> Guard:
    del scope
    bands = tuple(
        content.CostBand(
            up_to=Decimal(band["up_to"]) if "up_to" in band else None,
            **{key: Decimal(band[key]) for key in ("fixed", "percent", "over") if key in band},
        )
        for band in parameters.get("bands", ())
    )
    if bands and (bands[-1].up_to is not None or any(band.up_to is None for band in bands[:-1])):
        raise ValueError("the last band alone is without up_to, so that every principal lies in one")
    most = parameters.get("most")
    return content.CostCap(bands=bands, most=None if most is None else Decimal(most))


def _validation_dates(parameters: Json, scope: RuleScope) -> Guard:
    del scope
    numbers = {key: value for key, value in parameters.items() if key != "calendar"}
    return prerequisites.ValidationDates(**numbers, **_days_off(parameters))


def _plain(guard: Callable[..., Guard]) -> Callable[[Json, RuleScope], Guard]:
    """A guard whose fields are the parameters; lists become what the guard's matching needs."""

    def build(parameters: Json, scope: RuleScope) -> Guard:
        del scope
        return guard(**{key: tuple(v) if isinstance(v, list) else v for key, v in parameters.items()})

    return build


def _sets(guard: Callable[..., Guard], *names: str) -> Callable[[Json, RuleScope], Guard]:
    """As `_plain`, with the named parameters as sets."""

    def build(parameters: Json, scope: RuleScope) -> Guard:
        del scope
        return guard(**{key: frozenset(v) if key in names else v for key, v in parameters.items()})

    return build


FAMILIES: dict[str, Family] = {
    # times
    "allowed_time": Family(
        build=_allowed_time,
        properties={
            "hours": HOURS_SCHEMA,
            "calendar": _CALENDAR,
            "location": {"type": "string"},
            "replies": _KINDS,
            "only_marketing": _FLAG,
            "until_days_past_due": _DAYS,
        },
        required=("hours",),
    ),
    "inconvenient_times": Family(
        build=_sets(wishes.InconvenientTimes, "replies"), properties={"replies": _KINDS}
    ),
    "inconvenient_places": Family(build=_plain(wishes.InconvenientPlaces)),
    "employer_prohibits": Family(build=_plain(wishes.EmployerProhibits)),
    "workplace_barred": Family(build=_plain(wishes.WorkplaceBarred)),
    "workplace_request": Family(build=_plain(wishes.WorkplaceRequest), properties={"oral_days": _DAYS}),
    "unread_statements": Family(
        build=_plain(wishes.UnreadStatements),
        properties={"words": _TEXTS, "plain": _TEXTS},
        required=("words",),
    ),
    # how often
    "frequency_cap": Family(build=_frequency_cap, properties=_CAP, required=("limit", "window")),
    "cool_down": Family(
        build=_cool_down,
        properties={"window": _WINDOW, "consent_excludes": _FLAG, "replies": _KINDS},
        required=("window",),
    ),
    "one_channel_per_period": Family(
        build=_one_channel, properties={"window": _WINDOW, **_COUNTING}, required=("window",)
    ),
    # status
    "attorney": Family(
        build=_plain(holds.AttorneyRepresents),
        properties={"acts_for": {"enum": [holds.PERSON, holds.DEBT]}, **_REACH},
    ),
    "cease_request": Family(
        build=_plain(holds.CeaseRequest),
        properties={"oral_counts": _FLAG, "oral_stops_calls": _FLAG, **_REACH},
    ),
    "refusal_to_pay": Family(build=_plain(holds.RefusalToPay), properties=_REACH),
    "pending_dispute": Family(build=_plain(holds.PendingDispute), properties={"written_in_period": _FLAG}),
    "original_creditor_request": Family(build=_plain(holds.PendingOriginalCreditorRequest)),
    "bankruptcy": Family(build=_plain(holds.Bankruptcy), properties=_REACH),
    "breathing_space": Family(build=_plain(holds.BreathingSpace), properties=_REACH),
    "debtor_deceased": Family(build=_plain(holds.DebtorDeceased), properties=_REACH),
    "time_barred_threat": Family(build=_plain(holds.TimeBarredThreat)),
    "open_procedure": Family(build=_plain(holds.OpenProcedure)),
    "prescribed_debt": Family(build=_plain(holds.PrescribedDebt)),
    # who
    "recipients": Family(
        build=_sets(recipients.Recipients, "relations", "relations_in_zones", "zones"),
        properties={
            "relations": _TEXTS,
            "relations_in_zones": _TEXTS,
            "zones": _TEXTS,
            "location_inquiries": _FLAG,
        },
        required=("relations",),
    ),
    "location_inquiry": Family(build=_plain(recipients.LocationInquiry)),
    "forbidden_form": Family(
        build=_forbidden_form,
        properties={
            "field": {"enum": ["format", "visibility", "addressee", "caller_id"]},
            "patterns": _TEXTS,
            "words": {"type": "string"},
        },
        required=("field", "patterns", "words"),
    ),
    # by what right
    "authorised_channels": Family(build=_plain(authorisation.AuthorisedChannels)),
    "electronic_consent": Family(
        build=_plain(authorisation.ElectronicConsent), properties={"supplied_by_debtor": _FLAG}
    ),
    "employer_address": Family(
        build=_plain(authorisation.EmployerAddress), properties={"unless_used": _FLAG}
    ),
    "email_procedure": Family(build=_plain(authorisation.EmailProcedure), properties={"notice_days": _DAYS}),
    "text_procedure": Family(build=_plain(authorisation.TextProcedure), properties={"days": _DAYS}),
    "esign_consent": Family(build=_plain(authorisation.ESign)),
    "robocall_consent": Family(build=_plain(authorisation.RobocallConsent)),
    "revoked_consent": Family(build=_plain(opt_outs.RevokedConsent), properties={"every_number": _FLAG}),
    "no_recordings": Family(build=_plain(authorisation.NoRecordings)),
    "landline_allowance": Family(
        build=lambda parameters, scope: authorisation.LandlineAllowance(
            cap=_frequency_cap(parameters, scope)
        ),
        properties=_CAP,
        required=("limit", "window"),
    ),
    "opt_outs": Family(build=_sets(opt_outs.OptOuts, "replies"), properties={"replies": _KINDS}),
    "optout_confirmation": Family(
        build=_plain(opt_outs.OptOutConfirmation),
        properties={"within_minutes": {"type": "integer", "minimum": 1}, "may_ask_scope": _FLAG},
    ),
    # what came before
    "after_due_date": Family(build=_plain(prerequisites.AfterDueDate), properties={"days": _DAYS}),
    "courtesy_window": Family(
        build=_plain(prerequisites.CourtesyWindow),
        properties={"days_before": _DAYS},
    ),
    "written_notice": Family(
        build=_written_notice,
        properties={
            "wait_days": _DAYS,
            "from": {"enum": [prerequisites.SENT, prerequisites.RECEIVED]},
            "business": _FLAG,
            "assumed_receipt": {"type": "object", "minProperties": 1, "additionalProperties": _RECEIPT},
            "costs_only": _FLAG,
            "calendar": _CALENDAR,
        },
    ),
    "notice_within": Family(
        build=_sets(prerequisites.NoticeWithin, "kinds"),
        properties={"days": _DAYS, "kinds": _KINDS},
        required=("days", "kinds"),
    ),
    "transfer_notice": Family(build=_plain(prerequisites.TransferNotice)),
    "validation_dates": Family(
        build=_validation_dates,
        properties={"receipt_days": _DAYS, "period_days": _DAYS, "calendar": _CALENDAR},
    ),
    # what it says
    "forbidden_traits": Family(
        build=_plain(content.ForbiddenTraits),
        properties={
            "traits": {
                "type": "array",
                "items": {"enum": list(content.TRAITS)},
                "minItems": 1,
                "uniqueItems": True,
            }
        },
        required=("traits",),
    ),
    "required_content": Family(
        build=_sets(content.RequiredContent, "elements", "sentences", "media", "notices"),
        properties={
            "elements": _TEXTS,
            "first_contact_only": _FLAG,
            "sender": _FLAG,
            "sentences": _TEXTS,
            "media": _CHANNELS,
            "notices": _TEXTS,
        },
    ),
    "first_contact_scope": Family(
        build=_sets(content.FirstContactScope, "allowed"),
        properties={"allowed": _TEXTS},
        required=("allowed",),
    ),
    "disclosures": Family(build=_plain(content.Disclosures), properties={"statement": _NAME}),
    "optout_notice": Family(
        build=_plain(content.OptOutNotice),
        properties={"simple": _TEXTS, "hard": _TEXTS},
        required=("simple", "hard"),
    ),
    "approved_form": Family(build=_plain(content.ApprovedForm)),
    "cost_cap": Family(build=_cost_cap, properties={"bands": _BANDS, "most": _MONEY}),
    "no_overshadowing": Family(build=_plain(content.NoOvershadowing)),
    "limited_content": Family(
        build=_plain(content.LimitedContentMessage),
        properties={"optional": _TEXTS, "never": _TEXTS},
        required=("optional",),
    ),
}
