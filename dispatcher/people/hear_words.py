"""Acts on a debtor's words that somebody else wrote down: a stop at once, a doubtful one when a person has read it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dispatcher.log.domain.events import Event
from dispatcher.people.domain.optout_words import ReplyMeaning, may_mean_stop
from dispatcher.people.recording import Recording
from dispatcher.people.storage import addresses, people_facts, tasks
from dispatcher.people.take_care import take_care

MEDIA = ("email", "sms", "letter", "call")
CONVERSATIONS = frozenset({"conversation", "answered_complete"})
UNCLEAR, HELP, WRONG = "unclear_reply", "help_wanted", "wrong_number"
PAGE = "portal"  # the debtors' own page, as contacts call it
HELD = "held"  # words of somebody in need: they stand apart, and nobody else learns more
_ASKING = {
    "help": "asks for help: call or write back",
    "start": "wants to be written to again: release the stop",
}

Read = Callable[[str], ReplyMeaning]
Stop = tuple[str, str, str]  # address, medium, scope


def is_heard(direction: str, outcome: str) -> bool:
    """Whether a contact's words are the debtor's: what came in, and what was said in a conversation, whoever called."""
    return direction == "inbound" or outcome in CONVERSATIONS


def parted_words(details: Mapping[str, Any], direction: str, outcome: str, read: Read) -> dict[str, Any]:
    """The details of a contact as everybody may read them: without the words of somebody in need."""
    heard = is_heard(direction, outcome) and details.get("text")
    in_need = bool(heard) and read(str(details["text"])).care is not None
    return {name: value for name, value in details.items() if name != "text" or not in_need}


def hear(
    record: Recording,
    text: str,
    *,
    read: Read,
    at: datetime,
    channel: str = "",
    address: str = "",
    arrived: bool = False,
) -> str:
    """`stop`, `start`, `help` or `unclear`, done and logged; else empty. Whoever is reached there must be locked.

    `arrived`: the debtor sent it, so whatever is not understood for certain quiets them until somebody has read it.
    Words of a conversation or a wish were heard by whoever wrote them down: they wait where they may mean stop.
    """
    meaning = read(text)
    in_care = meaning.care is not None
    if meaning.care is not None and take_care(
        record.connection, record.debtor.id, text, meaning.care, at=record.said.now
    ):
        record.log(Event.HOLD_RECORDED, {"hold": "held"})
    stop = _what_to_stop(meaning, channel, address) if meaning.kind == "stop" else None
    if stop is not None:
        _stop(record, stop, "" if in_care else text, meaning, at)
        return "stop"
    if in_care:
        return HELD
    if arrived and address and meaning.kind == "wrong_number":
        _stop(record, (address, "", "address"), text, meaning, at)
        _task(record, WRONG, "find out whose address it is", text, channel, address, at)
        return "stop"
    if arrived and meaning.kind in _ASKING:
        _task(record, HELP, _ASKING[meaning.kind], text, channel, address, at)
        return meaning.kind
    if arrived or meaning.kind == "stop" or may_mean_stop(text, meaning):
        _wait_for_a_reader(record, channel, address)
        _task(
            record,
            UNCLEAR,
            "read it, then release the hold or record what it means",
            text,
            channel,
            address,
            at,
        )
        return "unclear"
    return ""


def hear_choice(
    record: Recording, reading: str, text: str, *, read: Read, at: datetime, answer_by: str = ""
) -> None:
    """What a person chose on their own page, with their words: it waits to be read, and a stop in it acts at once.

    `reading` names what they chose, as the inbox calls it; `answer_by` is the day on which they were told to hear.
    """
    meaning = read(text)
    if meaning.care is not None and take_care(
        record.connection, record.debtor.id, text, meaning.care, at=record.said.now
    ):
        record.log(Event.HOLD_RECORDED, {"hold": "held"})
    if meaning.kind == "stop":  # it came from no address of ours: what is not named means all of them
        _stop(record, _what_to_stop(meaning, PAGE, "") or ("", "", "all"), text, meaning, at)
    _wait_for_a_reader(record, PAGE, "")
    by = f" by {answer_by}" if answer_by else ""
    _task(record, UNCLEAR, f"answer them{by}", text, PAGE, "", at, reading=reading, answer_by=answer_by)


def _what_to_stop(meaning: ReplyMeaning, channel: str, address: str) -> Stop | None:
    """What the words name; else where they came from; None where nobody can tell."""
    if meaning.scope_hint == "all":
        return "", "", "all"
    if meaning.scope_hint in MEDIA:
        return "", str(meaning.scope_hint), "medium"
    if address:
        return address, "", "address"
    medium = "call" if channel == "voicemail" else channel
    return ("", medium, "medium") if medium in MEDIA else None


def _stop(record: Recording, stop: Stop, text: str, meaning: ReplyMeaning, at: datetime) -> None:
    address, medium, scope = stop
    fresh = addresses.opt_out(
        record.connection,
        debtor_id=record.debtor.id,
        address=address,
        medium=medium,
        at=at,
        raw=text,
        source=record.said.source or "record",
        scope=scope,
    )
    if fresh:
        details = {"scope": scope, "medium": medium or "any", "matched": meaning.matched}
        words = {"words": text} if text else {}
        record.log(Event.OPTED_OUT, details, **words, **({"address": address} if address else {}))


def _wait_for_a_reader(record: Recording, channel: str, address: str) -> None:
    if people_facts.standing_hold(record.connection, record.debtor.id, None, UNCLEAR, None) is not None:
        return
    people_facts.add_hold(
        record.connection,
        {
            "debtor_id": record.debtor.id,
            "debt_id": None,
            "kind": UNCLEAR,
            "starts_on": record.said.now.date(),
            "until": None,
            "details": {"address": address, "channel": channel},
            **record.said.columns,
        },
    )
    record.log(Event.HOLD_RECORDED, {"hold": UNCLEAR})


def _task(
    record: Recording, kind: str, what: str, words: str, channel: str, address: str, at: datetime, **more: str
) -> None:
    by = f" by {channel}" if channel else ""
    tasks.add(
        record.connection,
        kind,
        at=record.said.now,
        text=f"{address or record.debtor.full_reference} wrote{by}: {what}: {words}",
        debtor_id=record.debtor.id,
        details={
            "channel": channel,
            "address": address,
            "text": words,
            "at": at.isoformat(),
            **{name: value for name, value in more.items() if value},
        },
    )
