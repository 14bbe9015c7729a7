"""The `experiments:` of a strategy's file -> Experiment values; what nobody may try is refused here."""

from datetime import date, datetime, time, timedelta

from channels.kind import ChannelKind
from dispatcher.planning.domain.strategy import Arm, Experiment, Step
from dispatcher.planning.domain.timing import Hours
from dispatcher.rulebook.yaml_file import YamlFile

SHORTEST = timedelta(hours=1)  # of an arm: less is no window to send in


def experiment(file: YamlFile, place: int, steps: tuple[Step, ...]) -> Experiment:
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
        where=file.place((*where[:-1], "template")) if template else step.where,
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


def _day(file: YamlFile, where: tuple[str | int, ...], written: object) -> date:
    """A day as YAML reads it, or as text."""
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        raise file.error(where, f"{written!r} is no day; write it as 2026-11-23") from None
