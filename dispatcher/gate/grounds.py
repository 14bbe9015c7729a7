"""What a decision rests on, as the JSON that `dispatcher decide` reads: an auditor judges it again from that alone."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from dispatcher.gate.decision import utc_text
from dispatcher.gate.facts import (
    NOTHING_ON_FILE,
    Attorney,
    CallConsent,
    Cease,
    ContactFacts,
    HistoryEntry,
    InconvenientTime,
    OptOut,
    Statement,
    ZoneCandidate,
)

# Keys that the JSON calls otherwise than the fields.
_NAMES: Mapping[type, Mapping[str, str]] = {
    ContactFacts: {
        "now": "now_utc",
        "zones": "tz_candidates",
        "opt_outs": "optouts",
        "statements": "consumer_statements",
    },
    ZoneCandidate: {"zone": "tz"},
    HistoryEntry: {"at": "at_utc"},
    OptOut: {"at": "at_utc"},
    Statement: {"at": "at_utc"},
    InconvenientTime: {"since": "from", "until": "to"},
    Cease: {"received": "received_utc"},
    CallConsent: {"given": "given_utc"},
}
_LEFT_OUT: Mapping[type, frozenset[str]] = {
    ContactFacts: frozenset({"bankruptcy_pending", "sender_role", "unclear_replies", "elsewhere"}),
    HistoryEntry: frozenset({"text"}),  # what it meant stands among the opt-outs and holds
}
_WHOLE = frozenset({Attorney})  # read with other defaults than these fields have


def grounds(facts: ContactFacts, packs: Iterable[str]) -> dict[str, Any]:
    """The facts with the names of the packs that were asked (stamps, or names)."""
    written: dict[str, Any] = _written(facts)
    written["packs"] = sorted(pack.partition("@")[0] for pack in packs)
    if facts.bankruptcy_pending:
        written["bankruptcy"] = {"pending": True}
    if facts.sender_role is not None:
        written["sender"] = {"role": facts.sender_role}
    return written


_OF_THE_MOMENT = frozenset({"now_utc"})  # each asking has its own


def same_grounds(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    """Whether what the rules read is what they read before, whatever the hour and whether or not there was a text."""
    return _of_the_file(earlier) == _of_the_file(later)


def _of_the_file(written: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in written.items() if key not in _OF_THE_MOMENT}
    action = {key: value for key, value in written.get("action", {}).items() if key != "content"}
    return {**kept, "action": action}


@lru_cache(maxsize=64)
def _parts(kind: type) -> tuple[tuple[str, str, Any], ...] | None:
    """(field, key, default) of a class; whatever equals its default is left out. None: it has no fields."""
    if not is_dataclass(kind):
        return None
    names, left_out = _NAMES.get(kind, {}), _LEFT_OUT.get(kind, frozenset())
    found = []
    for each in fields(kind):
        if each.name not in left_out:
            default = each.default if each.default_factory is MISSING else each.default_factory()
            found.append((each.name, names.get(each.name, each.name), MISSING if kind in _WHOLE else default))
    return tuple(found)


_AS_IT_IS = frozenset({str, int, bool, type(None)})


def _written(value: Any) -> Any:
    """Called for each of some sixty parts a decision: most are left out or need no writing."""
    kind: type = type(value)
    if (parts := _parts(kind)) is not None:
        written = {}
        for name, key, default in parts:
            part = getattr(value, name)
            if part is not default and (default is MISSING or part != default):
                written[key] = part if type(part) in _AS_IT_IS else _written(part)
        return written
    if kind is tuple or kind is frozenset:
        listed = sorted(value) if kind is frozenset else value
        return [part if type(part) in _AS_IT_IS else _written(part) for part in listed]
    if isinstance(value, Mapping):
        return {key: _written(part) for key, part in value.items()}
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat() if value.microsecond else utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return None if value is NOTHING_ON_FILE else value
