"""What is said of a template, as fields of a form instead of the file that keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dispatcher.rulebook.yaml_edit import NotEditableError, with_values
from dispatcher.rulebook.yaml_file import ConfigError, parse_yaml
from dispatcher.web.site.visit import Visit
from dispatcher.writing.language.meta import EITHER, NEVER, ONLY, PARTIES, ROLES, STATES

ABOUT = ("purpose", "owner", "legal_basis")
# A kind of step as the file names it, and as a manager says it.
KINDS = (
    ("courtesy", "before the due date"),
    ("collection", "after the due date"),
    ("notice", "what a law wants told"),
    ("arrangement_service", "about something agreed"),
    ("reply_to_consumer", "an answer to a person"),
)
_RARE_KINDS = (
    ("optout_confirmation", "that a stop was heard"),
    ("correction", "after something wrong was said"),
)
_ROLES = dict(
    zip(
        ROLES,
        ("whoever is owed it", "a collector for another", "who bought the debt", "a law firm"),
        strict=True,
    )
)
_PARTIES = dict(
    zip(PARTIES, ("who owes it first", "who owes it together with others", "who vouches for it"), strict=True)
)
_STATES = dict(
    zip(
        STATES,
        (
            "debts that nobody can sue for any more",
            "debts that the person disputes",
            "debts under an agreement",
        ),
        strict=True,
    )
)
_FIRST_CONTACT = {EITHER: "it may be", ONLY: "it is always", NEVER: "it never is"}
_NOTICES = {
    "": "any, or none",
    "first_written": "the first written notice",
    "validation": "the validation notice",
    "transfer": "the notice of transfer",
}
_DEFAULTS: Mapping[str, Any] = {"first_contact": EITHER, "sms_segments": 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Several:
    """Boxes to tick: (value, how a manager says it, whether it is ticked)."""

    name: str
    legend: str
    hint: str
    boxes: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What the form shows."""

    about: Mapping[str, str]
    several: tuple[Several, ...]
    choices: tuple[Several, ...]  # of each, one
    needs: str
    sms_segments: str


def head_of(text: str) -> Head | None:
    """The fields of a file; None where it cannot be read, and has to be mended as a text."""
    data = _data(text)
    if data is None:
        return None
    return Head(
        about={name: _line(data.get(name)) for name in ABOUT},
        several=tuple(_several(data)),
        choices=tuple(_choices(data)),
        needs=", ".join(_listed(data.get("needs"))),
        sms_segments=_line(data.get("sms_segments", _DEFAULTS["sms_segments"])),
    )


def head_text(visit: Visit, text: str) -> str:
    """The file with what the form says; what the form does not know of stays, with its comments where it can."""
    data = _data(text)
    said = {name: _said(visit, name, data or {}) for name in _NAMES}
    try:
        return with_values(text, (), said) if data else _dumped(said)
    except NotEditableError:
        return _dumped({**(data or {}), **said})


_NAMES = (*ABOUT, "kinds", "notice", "roles", "not_when", "first_contact", "parties", "needs", "sms_segments")
_LISTS = ("kinds", "roles", "not_when", "parties")


def _said(visit: Visit, name: str, data: Mapping[str, Any]) -> Any:
    """A field's value for the file; None where the file need not say it."""
    if name in _LISTS:
        return list(visit.fields(name)) or None
    words = " ".join(visit.text(name).split())[:300]
    if name == "needs":
        return [need for part in words.split(",") if (need := part.strip())] or None
    value: Any = int(words) if name == "sms_segments" and words.isdecimal() else words
    return None if value == "" or (name not in data and value == _DEFAULTS.get(name)) else value


def _several(data: Mapping[str, Any]) -> Sequence[Several]:
    return (
        _boxes("kinds", "Steps that it may serve", "", dict((*KINDS, *_RARE_KINDS)), data),
        _boxes("roles", "Senders that it is for", "nothing ticked: all", _ROLES, data),
        _boxes("parties", "Readers that it is for", "nothing ticked: all", _PARTIES, data),
        _boxes("not_when", "Debts about which it is never sent", "", _STATES, data),
    )


def _choices(data: Mapping[str, Any]) -> Sequence[Several]:
    first = {"first_contact": [_line(data.get("first_contact")) or EITHER]}
    return (
        _boxes("first_contact", "Is it the first that somebody hears of us?", "", _FIRST_CONTACT, first),
        _boxes(
            "notice", "Which notice of the law it is", "", _NOTICES, {"notice": [_line(data.get("notice"))]}
        ),
    )


def _boxes(name: str, legend: str, hint: str, words: Mapping[str, str], data: Mapping[str, Any]) -> Several:
    ticked = _listed(data.get(name))
    known = {
        **words,
        **{value: value for value in ticked if value not in words},
    }  # a mistake stays to be seen
    boxes = tuple((value, says, value in ticked) for value, says in known.items())
    return Several(name=name, legend=legend, hint=hint, boxes=boxes)


def _data(text: str) -> dict[str, Any] | None:
    if not text.strip():
        return {}
    try:
        data = parse_yaml(text, Path("template.yaml")).data
    except ConfigError:
        return None
    return data if isinstance(data, dict) else None


def _dumped(said: Mapping[str, Any]) -> str:
    known = {name: value for name, value in said.items() if value is not None}
    return yaml.safe_dump(known, sort_keys=False, allow_unicode=True)


def _line(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
