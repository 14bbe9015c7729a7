"""The sentences of an explanation: what a person would answer who is asked about one step of one debt."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dispatcher.gate.decision import Reason
from dispatcher.planning.storage.explained import SentStep

CHANNELS = {"email": "e-mail", "sms": "SMS", "letter": "letter"}
_REACHED = {
    "sending": "is on its way by {channel} since {when}",
    "accepted": "went out by {channel} on {when}",
    "delivered": "went out by {channel} on {when} and was delivered",
    "bounced": "went out by {channel} on {when} and came back; the step counts as done",
    "returned": "went out by {channel} on {when} and came back; the step counts as done",
    "unknown": "was handed over by {channel} on {when}; whether it arrived is not known",
}
_WAITING = {
    "planned": "is planned by {channel}",
    "queued": "is ready to go by {channel}",
    "deferred": "waits to go by {channel}",
    "held": "is written and held for a person, by {channel}",
    "cancelled": "was cancelled",
    "expired": "was not sent in time",
    "failed": "could not be sent by {channel}",
}
REACHED = frozenset(_REACHED)
CAME_BACK = frozenset({"bounced", "returned"})


def local(moment: datetime, zone: str) -> str:
    """`Monday 2026-11-16 at 15:30 (Europe/Madrid)`."""
    return f"{moment.astimezone(ZoneInfo(zone or 'UTC')):%A %Y-%m-%d at %H:%M} ({zone or 'UTC'})"


def told(step: str, message: SentStep, zone: str) -> str:
    """What became of a message that was written for a step."""
    channel = CHANNELS.get(message.channel, message.channel)
    when = local(message.sent_at, zone) if message.sent_at else f"{message.as_of}"
    if message.state in REACHED:
        return f"The {step} {_REACHED[message.state].format(channel=channel, when=when)}."
    until = (
        f" until {local(message.not_before, zone)}"
        if message.state == "deferred" and message.not_before
        else ""
    )
    why = "; ".join(dict.fromkeys(str(reason.get("detail", "")) for reason in message.reasons))
    return f"The {step} {_WAITING[message.state].format(channel=channel)}{until}" + (
        f": {why}." if why else "."
    )


def goes_on(step: str, message: SentStep, zone: str) -> str:
    """What became of a message that came back and whose step is not done with that."""
    channel = CHANNELS.get(message.channel, message.channel)
    when = local(message.sent_at, zone) if message.sent_at else f"{message.as_of}"
    return (
        f"The {step} went out by {channel} on {when} and came back: that address is closed, and the step goes on to "
        "the next way to reach the person."
    )


def skipped(step: str, due_date: date) -> str:
    """A courtesy that comes too late."""
    return f"The {step} is skipped: the due date {due_date} has passed."


def comes(step: str, day: date) -> str:
    """A step that is next."""
    return f"The {step} comes on {day:%A} {day}, unless something changes before."


def comes_again(step: str, day: date) -> str:
    """The first step of another round."""
    return f"Another round begins with the {step} on {day:%A} {day}, unless something changes before."


def ended(day: date, *, asks_for_handover: bool) -> str:
    """What comes when there is no other round."""
    what = "somebody is asked whether counsel gets it" if asks_for_handover else "it is a task for a person"
    return f"Every step has gone out and nothing more goes by itself: from {day:%A} {day} on {what}, unless it is paid."


def beside_what_was_paid(statute: str) -> str:
    """What becomes of a statute's interest and costs once the balance beside which they stood is paid."""
    return (
        f"With the balance the debt ends here. What {statute} adds beside it was never part of what was asked for, and "
        "nobody follows it up here: the creditor books it, or lets it be."
    )


def waits_for_arm(step: str, trial: str) -> str:
    """A step whose own day has come, and whose arm has it on a later one."""
    return f"The {step} waits for the day on which its arm of the trial {trial} has it."


def comes_after(step: str, before: str) -> str:
    """A step that waits for another."""
    return f"The {step} comes after the {before}, unless something changes before."


def would_come(step: str, when: str, reasons: Iterable[Reason]) -> str:
    """A step that would be kept back as things stand: nobody is promised what the gate forbids."""
    return f"The {step} would come {when}, but as things stand it is kept back: {because(reasons)}."


def together(step: str, lead: str) -> str:
    """A debt that is spoken of in the message of another."""
    return f"The {step} stands in the {lead} of the same message."


def goes(
    step: str, channel: str, address: str, moment: datetime | None, zone: str, reasons: Sequence[Reason]
) -> str:
    """A step that is due and may go."""
    when = "now" if moment is None else f"on {local(moment, zone)}"
    why = because(reasons)
    return f"The {step} is due and goes by {CHANNELS[channel]} to {address} {when}" + (
        f": {why}." if why else "."
    )


def kept_back(step: str, reasons: Iterable[Reason]) -> str:
    """A step that is due and does not go."""
    return f"The {step} is due and is kept back: {because(reasons)}."


def because(reasons: Iterable[Reason]) -> str:
    """Each reason once."""
    return "; ".join(dict.fromkeys(reason.detail for reason in reasons))


def call_waits(step: str, since: date, until: datetime, tries: int, zone: str) -> str:
    """A call that somebody should make."""
    again = f", and {tries} {'try' if tries == 1 else 'tries'} reached nobody" if tries else ""
    return f"The {step} is a call for somebody to make since {since}, until {local(until, zone)}{again}."


def call_made(step: str, outcome: str, moment: datetime | None, zone: str) -> str:
    """A call that was made, or given up."""
    when = f" on {local(moment, zone)}" if moment else ""
    return f"The {step} was a call{when}: {outcome.replace('_', ' ') or 'no outcome'}."


def call_due(step: str, put_off: str | None) -> str:
    """A call whose day has come, and that is no task yet."""
    if put_off:
        return f"The {step} has come, and the last run put it off: {put_off}."
    return f"The {step} has come: the run of the day makes it a call for somebody to make."


def call_kept_back(step: str, reasons: Sequence[Reason]) -> str:
    """A call whose day has come, and that nobody may make."""
    return f"The {step} has come and is kept back: {because(reasons) or 'no number on file may be called'}."


def call_passed(step: str) -> str:
    """A call that the ladder went past."""
    return f"The {step} was not made: a call keeps nothing back, and the ladder is past it."
