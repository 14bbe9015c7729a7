"""`config/strategies/*.yaml` -> Strategy values, in order of their file names."""

from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

from channels.kind import CallKind, ChannelKind
from dispatcher.agreements.domain.follow_ups import BEFORE, On
from dispatcher.planning.domain.strategy import (
    ASK,
    CONVERSATION,
    DEFAULT_TRIES,
    DEFAULT_VALID_DAYS,
    HANDOVER,
    STANDARD_POST,
    TASK,
    CallStep,
    Ending,
    FollowUp,
    HandoverRule,
    Match,
    Step,
    Strategy,
)
from dispatcher.rulebook.experiments import experiment
from dispatcher.rulebook.strategy_match import MATCH_COLUMNS, check_segments, match_values
from dispatcher.rulebook.strategy_schema import NOTICE_STEPS, SCHEMA
from dispatcher.rulebook.yaml_file import ConfigError, YamlFile, read_yaml
from dispatcher.values.iso_codes import CURRENCIES


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
        experiments=tuple(experiment(file, i, steps) for i in range(len(data.get("experiments", ())))),
        ending=_ending(file, steps),
    )


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
                where=file.place(("follow_ups", i, "template")),
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
        where=file.place(("steps", place, "template")),
    )


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
