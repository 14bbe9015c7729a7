"""`config/strategies/*.yaml` -> Strategy values, in order of their file names."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from channels.kind import CallKind, ChannelKind
from dispatcher.agreements.domain.follow_ups import BEFORE, On
from dispatcher.planning.domain.strategy import (
    ASK,
    CONVERSATION,
    DEFAULT_TRIES,
    DEFAULT_VALID_DAYS,
    GO_ON,
    HANDOVER,
    RESTART,
    STANDARD_POST,
    TASK,
    TRIES,
    VOICEMAIL,
    Arm,
    CallStep,
    Ending,
    Experiment,
    FollowUp,
    HandoverRule,
    Match,
    Step,
    Strategy,
)
from dispatcher.planning.domain.timing import Hours
from dispatcher.portfolio.domain.portfolio_columns import DEBT_READERS, DEBTOR_READERS, country_code
from dispatcher.rulebook.yaml_file import ConfigError, KeyPath, YamlFile, read_yaml
from dispatcher.values.iso_codes import CURRENCIES

MATCH_COLUMNS = (
    "creditor",
    "debt_type",
    "country",
    "region",
    "currency",
    "segment",
    "ledger_segment",
    "debtor_kind",
    "sender_role",
    "language",
)
SHORTEST = timedelta(hours=1)  # of an arm: less is no window to send in
MOST_ROUNDS = 3  # more would be a siege
_READERS: Mapping[str, Callable[[str], Any]] = {**DEBTOR_READERS, **DEBT_READERS, "segment": str}
_TEXTS = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_AMOUNT = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}
NOTICE_STEPS = (
    "first_written",
    "validation",
    "transfer",
)  # what a step of kind notice may be; the first if unsaid
# As what a letter is posted, in the words that a print house is told and that Lob has for it.
POSTS = ("standard", "registered", "certified", "certified_return_receipt")
_NAME = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_-]*$"}
_HOURS = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"}
_CHANNELS = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {"enum": [kind.value for kind in ChannelKind]},
}
_WITH_CALLS = {**_CHANNELS, "items": {"enum": [*(kind.value for kind in ChannelKind), CallKind.CALL.value]}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "steps"],
    "properties": {
        "name": _NAME,
        "description": {"type": "string"},
        "match": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(MATCH_COLUMNS, _TEXTS),
                "balance": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"min": _AMOUNT, "max": _AMOUNT},
                },
            },
        },
        "minimum": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {"^[A-Z]{3}$": {"oneOf": [_AMOUNT, {"type": "number", "minimum": 0}]}},
        },
        "join": {"enum": ["none", "debtor"]},
        "parties": {"enum": ["debtor", "all"]},
        "guarantors": {"type": "boolean"},
        "due_date_moved": {"enum": [ASK, GO_ON, RESTART]},
        "on_broken": _NAME,
        "follow_ups": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "on", "channels", "template"],
                "properties": {
                    "name": _NAME,
                    "on": {"enum": [on.value for on in On]},
                    "day": {"type": "integer", "minimum": -60, "maximum": 365},
                    "channels": _CHANNELS,
                    "template": _NAME,
                    "valid_days": {"type": "integer", "minimum": 0, "maximum": 365},
                },
            },
        },
        "ends": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "after_days": {"type": "integer", "minimum": 1, "maximum": 365},
                "rounds": {"type": "integer", "minimum": 0, "maximum": MOST_ROUNDS},
                "from": _NAME,
                "then": {"enum": [TASK, HANDOVER]},
            },
        },
        "handover": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "after_days": {"type": "integer", "minimum": 1, "maximum": 3650},
                "before_time_barred_days": {"type": "integer", "minimum": 1, "maximum": 3650},
                "needs_second": {"type": "boolean"},
            },
        },
        "experiments": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "step", "arms", "starts_on", "ends_on", "approved_by"],
                "properties": {
                    "name": _NAME,
                    "step": _NAME,
                    "starts_on": {},
                    "ends_on": {},
                    "approved_by": {
                        "type": "array",
                        "minItems": 2,
                        "uniqueItems": True,
                        "items": {"type": "string", "minLength": 1},
                    },
                    "arms": {
                        "type": "array",
                        "minItems": 2,
                        "maxItems": 4,
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["name"],
                            "properties": {
                                "name": _NAME,
                                "template": _NAME,
                                "channels": _CHANNELS,
                                "hours": _HOURS,
                                "day": {"type": "integer"},
                            },
                        },
                    },
                },
            },
        },
        "steps": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "kind", "day", "channels"],
                "properties": {
                    "name": _NAME,
                    "kind": {"enum": ["courtesy", "collection", "notice"]},
                    "day": {"type": "integer", "minimum": -365, "maximum": 3650},
                    "channels": _WITH_CALLS,
                    "template": _NAME,
                    "valid_days": {"type": "integer", "minimum": 0, "maximum": 365},
                    "needs_handover_decision": {"type": "boolean"},
                    "next_channel_on_bounce": {"type": "boolean"},
                    "next_channel_on_pause": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["wait"],
                        "properties": {"wait": {"type": "number", "minimum": 0, "maximum": 720}},
                    },
                    "vary": {"type": "boolean"},
                    "notice": {"enum": list(NOTICE_STEPS)},
                    "post": {"enum": list(POSTS)},
                    "done_by": {
                        "type": "array",
                        "minItems": 1,
                        "uniqueItems": True,
                        "items": {"enum": [CONVERSATION, VOICEMAIL, TRIES]},
                    },
                    "tries": {"type": "integer", "minimum": 1, "maximum": 9},
                },
            },
        },
    },
}


def load_strategies(directory: Path, segments: Collection[str] | None = None) -> tuple[Strategy, ...]:
    """All strategies of the folder; the first that matches a debt takes it.

    `segments` are the names that a match may ask for; None: whichever.
    """
    files = sorted(directory.glob("*.yaml"))
    if not files:
        raise ConfigError(f"{directory}: no strategy file here; without one nothing is ever due")
    read = [read_yaml(path) for path in files]
    strategies = tuple(_strategy(file) for file in read)
    for file in read:
        check_segments(file, segments)
    names = [strategy.name for strategy in strategies]
    for name, path in zip(names, files, strict=True):
        if names.count(name) > 1:
            raise ConfigError(f"{path}:1: name: {name!r} is the name of another strategy too")
    return strategies


def _strategy(file: YamlFile) -> Strategy:
    file.validate(SCHEMA)
    data = file.data
    steps = tuple(_step(file, i, item) for i, item in enumerate(data["steps"]) if not _is_call(item))
    calls = tuple(_call(file, i, item) for i, item in enumerate(data["steps"]) if _is_call(item))
    if not steps:
        raise file.error(
            ("steps",), "a strategy of calls alone never makes the first contact, which is written"
        )
    _check_order(file, steps)
    match = data.get("match", {})
    balance = match.get("balance", {})
    return Strategy(
        name=data["name"],
        steps=steps,
        match=Match(
            equals={key: match_values(file, key, match[key]) for key in MATCH_COLUMNS if key in match},
            balance_min=Decimal(balance["min"]) if "min" in balance else None,
            balance_max=Decimal(balance["max"]) if "max" in balance else None,
        ),
        minimum=_minimum(file, data.get("minimum", {})),
        join=data.get("join", "none"),
        parties=data.get("parties", "debtor"),
        guarantors=data.get("guarantors", False),
        due_date_moved=data.get("due_date_moved", ASK),
        follow_ups=_follow_ups(file, steps),
        on_broken=_on_broken(file, steps),
        handover=HandoverRule(**data["handover"]) if "handover" in data else None,
        calls=calls,
        experiments=tuple(_experiment(file, i, steps) for i in range(len(data.get("experiments", ())))),
        ending=_ending(file, steps),
    )


def check_segments(file: YamlFile, known: Collection[str] | None) -> None:
    """Raise ConfigError where a match asks for a segment that nobody works out: it would never be met."""
    written = file.data.get("match", {}).get("segment", ())
    for name in [written] if isinstance(written, str) else written:
        if known is not None and name not in known:
            near = get_close_matches(name, list(known), n=1)
            meant = f'; did you mean "{near[0]}"?' if near else "; the ledger's own word is `ledger_segment`"
            raise file.error(("match", "segment"), f"config/segments.yaml has no segment {name!r}{meant}")


def _minimum(file: YamlFile, written: dict[str, str | float]) -> dict[str, Decimal]:
    for currency in written:
        if currency not in CURRENCIES:
            raise file.error(("minimum", currency), f"{currency!r} is no currency (ISO 4217)")
    return {currency: Decimal(str(amount)) for currency, amount in written.items()}


def _follow_ups(file: YamlFile, steps: tuple[Step, ...]) -> tuple[FollowUp, ...]:
    taken = {step.name for step in steps}
    found: list[FollowUp] = []
    for i, item in enumerate(file.data.get("follow_ups", ())):
        if item["name"] in taken:
            raise file.error(
                ("follow_ups", i, "name"),
                f"{item['name']!r} is the name of a step or of an earlier follow-up",
            )
        taken.add(item["name"])
        found.append(
            FollowUp(
                name=item["name"],
                on=On(item["on"]),
                channels=tuple(ChannelKind(channel) for channel in item["channels"]),
                template=item["template"],
                day=item.get("day", 0),
                valid_days=item.get("valid_days", DEFAULT_VALID_DAYS),
                where=_where(file, ("follow_ups", i, "template")),
            )
        )
        if found[-1].on not in BEFORE and found[-1].day < 0:
            raise file.error(("follow_ups", i, "day"), f"nobody can tell of {found[-1].on} before it happens")
        if found[-1].on in BEFORE and found[-1].day > 0:
            raise file.error(
                ("follow_ups", i, "day"), "a reminder of a payment comes on its day at the latest: 0 or less"
            )
    return tuple(found)


def _ending(file: YamlFile, steps: tuple[Step, ...]) -> Ending:
    """Another round begins behind the first contact, which is said once; nobody is handed over without a rule."""
    said = file.data.get("ends", {})
    asking = [step.name for step in steps if not step.is_courtesy and not step.needs_handover_decision]
    begins = said.get("from", asking[1] if len(asking) > 1 else "")
    if said.get("rounds", 0) and begins not in asking[1:]:
        names = ", ".join(asking[1:]) or "none: there is no step behind the first contact"
        raise file.error(("ends",), f"from: another round begins with one of {names}")
    if said.get("then") == HANDOVER and "handover" not in file.data:
        raise file.error(("ends", "then"), "the hand-over question needs `handover:` in the same file")
    return Ending(
        after_days=said.get("after_days", Ending().after_days),
        rounds=said.get("rounds", 0),
        begins=begins,
        then=said.get("then", TASK),
    )


def _on_broken(file: YamlFile, steps: tuple[Step, ...]) -> str:
    name: str = file.data.get("on_broken", "")
    if name and name not in {step.name for step in steps}:
        names = ", ".join(step.name for step in steps)
        raise file.error(("on_broken",), f"there is no step {name!r}; the steps are {names}")
    return name


def _experiment(file: YamlFile, place: int, steps: tuple[Step, ...]) -> Experiment:
    """A trial of one step. What law asks, and whether somebody is written to at all, is nobody's to try."""
    where, item = ("experiments", place), file.data["experiments"][place]
    step = next((one for one in steps if one.name == item["step"]), None)
    if step is None:
        raise file.error((*where, "step"), f"there is no step {item['step']!r} that is written")
    if step.kind != "collection" or step.needs_handover_decision:
        raise file.error((*where, "step"), f"{step.name} is nothing to try: only plain collection steps are")
    if step == next(one for one in steps if not one.is_courtesy):
        raise file.error((*where, "step"), f"{step.name} is the first contact, which is nothing to try")
    arms = tuple(_arm(file, place, i, step) for i in range(len(item["arms"])))
    if len({arm.name for arm in arms}) < len(arms):
        raise file.error((*where, "arms"), "two arms have one name")
    first, last = (_day(file, (*where, name), item[name]) for name in ("starts_on", "ends_on"))
    if last <= first:
        raise file.error((*where, "ends_on"), f"{last} does not come after {first}")
    overlaps = [
        one["name"]
        for one in file.data["experiments"][:place]
        if one["name"] == item["name"]
        or (
            one["step"] == item["step"]
            and one["starts_on"] <= item["ends_on"]
            and item["starts_on"] <= one["ends_on"]
        )
    ]
    if overlaps:
        raise file.error(
            where, f"the experiment {overlaps[0]} has this name, or tries the same step at the same time"
        )
    approved = tuple(item["approved_by"])
    return Experiment(
        name=item["name"], step=step.name, arms=arms, starts_on=first, ends_on=last, approved_by=approved
    )


def _arm(file: YamlFile, place: int, number: int, step: Step) -> Arm:
    item = file.data["experiments"][place]["arms"][number]
    channels = tuple(ChannelKind(channel) for channel in item.get("channels", ()))
    where = ("experiments", place, "arms", number, "channels")
    if not set(channels) <= set(step.channels):
        allowed = ", ".join(step.channels)
        raise file.error(where, f"an arm goes by the channels of its step, in its own order: {allowed}")
    hours = _hours(file, (*where[:-1], "hours"), item["hours"]) if "hours" in item else None
    if "day" in item:
        _check_day_of_arm(file, (*where[:-1], "day"), item["day"], step)
    template = item.get("template", "")
    return Arm(
        name=item["name"],
        template=template,
        where=_where(file, (*where[:-1], "template")) if template else step.where,
        channels=channels,
        hours=hours,
        day=item.get("day"),
    )


def _check_day_of_arm(file: YamlFile, where: tuple[str | int, ...], day: int, step: Step) -> None:
    """An arm has its step between the ones before and behind it, so that their order is nobody's to try."""
    steps = file.data["steps"]
    place = next(i for i, one in enumerate(steps) if one["name"] == step.name)
    before, behind = steps[place - 1]["day"], steps[place + 1]["day"] if place + 1 < len(steps) else None
    if day <= before or (behind is not None and day >= behind):
        until = f" and before day {behind}" if behind is not None else ""
        raise file.error(where, f"an arm has {step.name} after day {before}{until}")


def _hours(file: YamlFile, where: tuple[str | int, ...], written: str) -> Hours:
    """`09:00-12:00` of the local clock where the person is."""
    first, until = (time.fromisoformat(part) for part in written.split("-"))
    length = datetime.combine(date.min, until) - datetime.combine(date.min, first)
    if length < SHORTEST:
        raise file.error(where, f"{written} is less than an hour of one day")
    return Hours(first=first, length=length)


def _where(file: YamlFile, at: KeyPath) -> str:
    return f"{file.path}:{file.line(at)}"


def _day(file: YamlFile, where: tuple[str | int, ...], written: object) -> date:
    """A day as YAML reads it, or as text."""
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        raise file.error(where, f"{written!r} is no day; write it as 2026-11-23") from None


def _is_call(item: dict[str, Any]) -> bool:
    return CallKind.CALL.value in item["channels"]


def _call(file: YamlFile, place: int, item: dict[str, Any]) -> CallStep:
    """A step that somebody speaks; it stands alone, behind one that is written."""
    where = ("steps", place)
    if len(item["channels"]) > 1:
        raise file.error(
            (*where, "channels"), "a call is a step of its own: give the written channels another step"
        )
    if item["kind"] != "collection":
        raise file.error((*where, "kind"), f"a call is of kind collection, not {item['kind']}")
    earlier = [one for one in file.data["steps"][:place] if not _is_call(one) and one["kind"] != "courtesy"]
    if not earlier:
        raise file.error(where, "the first contact is written: a call comes behind a written step")
    if item["name"] in {one["name"] for i, one in enumerate(file.data["steps"]) if i != place}:
        raise file.error((*where, "name"), f"{item['name']!r} is the name of another step too")
    if item["day"] < earlier[-1]["day"]:
        raise file.error((*where, "day"), f"day {item['day']} lies before the step that stands before it")
    later = next((one for one in file.data["steps"][place + 1 :] if not _is_call(one)), None)
    if later is not None and later["day"] <= item["day"]:
        raise file.error(
            (*where, "day"),
            f"day {item['day']} does not lie before {later['name']}, which is written behind it",
        )
    return CallStep(
        name=item["name"],
        day=item["day"],
        valid_days=item.get("valid_days", DEFAULT_VALID_DAYS),
        done_by=tuple(item.get("done_by", (CONVERSATION,))),
        tries=item.get("tries", DEFAULT_TRIES),
    )


def _step(file: YamlFile, place: int, item: dict[str, Any]) -> Step:
    if "template" not in item:
        raise file.error(("steps", place), "a step that is written names its template")
    if "post" in item and ChannelKind.LETTER.value not in item["channels"]:
        raise file.error(("steps", place, "post"), "only a step that goes by letter is posted")
    for key in ("done_by", "tries"):
        if key in item:
            raise file.error(("steps", place, key), "only a call has it: `channels: [call]`")
    is_notice = item["kind"] == "notice"
    if "notice" in item and not is_notice:
        raise file.error(("steps", place, "notice"), f"only a step of kind notice is one, not {item['kind']}")
    return Step(
        name=item["name"],
        kind=item["kind"],
        notice=item.get("notice", NOTICE_STEPS[0]) if is_notice else "",
        day=item["day"],
        channels=tuple(ChannelKind(channel) for channel in item["channels"]),
        template=item["template"],
        valid_days=item.get("valid_days", DEFAULT_VALID_DAYS),
        needs_handover_decision=item.get("needs_handover_decision", False),
        next_channel_on_bounce=item.get("next_channel_on_bounce", is_notice),
        paused_wait=item.get("next_channel_on_pause", {}).get("wait"),
        vary=item.get("vary", False),
        post=item.get("post", STANDARD_POST),
        where=_where(file, ("steps", place, "template")),
    )


def match_values(file: YamlFile, column: str, written: str | list[str]) -> tuple[str, ...]:
    """Read as the portfolio's column of that name is read, or a value written another way would never match."""
    texts = [written] if isinstance(written, str) else written
    try:
        return tuple(_value(column, text.strip()) for text in texts)
    except ValueError as error:
        raise file.error(("match", column), f"{', '.join(texts)}: {error}") from None


def _value(column: str, text: str) -> str:
    code = str(_READERS[column](text))
    country, dash, _ = text.partition("-")
    return f"{country_code(country)}-{code}" if column == "region" and dash else code


def _check_order(file: YamlFile, steps: tuple[Step, ...]) -> None:
    for i, step in enumerate(steps):
        if step.name in {earlier.name for earlier in steps[:i]}:
            raise file.error(("steps", i, "name"), f"{step.name!r} is the name of an earlier step too")
        if i and step.day <= steps[i - 1].day:
            raise file.error(
                ("steps", i, "day"),
                f"day {step.day} does not follow day {steps[i - 1].day}: steps go in order",
            )
        if step.kind == "courtesy" and step.day > 0:
            raise file.error(("steps", i, "day"), "a courtesy step comes on the due date at the latest")
        if step.kind == "collection" and step.day < 1:
            raise file.error(
                ("steps", i, "day"), "a collection step comes on day 1, after the due date, at the earliest"
            )
