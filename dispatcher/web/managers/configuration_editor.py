"""Writes drafts of the configuration: any text as text, a strategy's steps as a table, a sender as a form."""

from collections.abc import Callable, Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

from starlette.responses import Response

from channels.kind import CallKind, ChannelKind
from dispatcher.configuration.domain.config_version import ConfigVersion
from dispatcher.configuration.domain.kinds import Kind
from dispatcher.configuration.draft_text import LONGEST_TEXT, Draft, save_text
from dispatcher.rulebook.senders import ROLES
from dispatcher.rulebook.yaml_edit import NotEditableError, with_item, with_values, without_item
from dispatcher.rulebook.yaml_file import ConfigError, parse_yaml
from dispatcher.web.managers.configuration import (
    history_of,
    kind_of,
    path_of,
    require_pages,
    text_in_force,
    texts_of,
    troubles_in,
)
from dispatcher.web.site.filters import a_number
from dispatcher.web.site.page import again, go_to, page, sentence_of
from dispatcher.web.site.visit import Page, Visit, not_found
from dispatcher.writing.domain.template import ReviewRefused, VersionState

_NOWHERE = Path("text")
KINDS_OF_STEP = ("courtesy", "collection", "notice")
SPARE_ROWS, MOST_ROWS = 2, 60
# Key of a sender's entry, the words beside its field, whether it may be left empty.
SENDER_FIELDS = (
    ("name", "Name, as debtors know it", False),
    ("legal_name", "Legal name", False),
    ("contact_person", "Person to speak to", False),
    ("phone", "Telephone", False),
    ("email", "E-mail address", False),
    ("website", "Website", False),
    ("postal_code", "Postal code", True),
    ("city", "City", False),
    ("region", "Region", True),
    ("country", "Country, two letters", False),
    ("payment_url", "Where one pays", False),
    ("dispute_url", "Where one disputes", True),
    ("registration", "Registration", True),
    ("handover_firm", "Who takes over", True),
)


def new_text(visit: Visit) -> Response:
    """The form that begins a text."""
    kind = kind_of(visit)
    require_pages(visit, kind)
    return page(visit, "configuration_new", kind=kind, sources=sorted(texts_of(visit, kind)))


def begin_text(visit: Visit) -> Response:
    """Begin a text as a draft, from another or from nothing."""
    kind, name = kind_of(visit), visit.text("name")
    require_pages(visit, kind)
    if name in texts_of(visit, kind) or history_of(visit, kind, name):
        return again(visit, new_text, f"There is a text {name} already: open it and change it.")
    source = visit.text("source")
    text = (text_in_force(visit, kind, source) or "") if source else ""
    try:
        number = _save(visit, kind, name, text, None)
    except ReviewRefused as refused:
        return again(visit, new_text, sentence_of(refused))
    return go_to(visit, f"/configuration/{kind.word}/{name}/edit?version={number}", "The draft is begun.")


def show_editor(visit: Visit) -> Response:
    """The draft, else a copy of what is in force, to write on."""
    kind, name = kind_of(visit), visit.path("name")
    require_pages(visit, kind)
    draft = _draft(visit, kind, name)
    text = draft.text if draft else text_in_force(visit, kind, name)
    if text is None:
        raise not_found(f"{kind.one} of that name")
    shown = visit.typed("text", text)
    troubles = troubles_in(visit, draft) if draft else ()
    return page(
        visit,
        "configuration_editor",
        kind=kind,
        name=name,
        draft=draft,
        text=shown,
        numbered=list(enumerate(shown.splitlines(), 1)),
        troubles=troubles,
        at_lines={one.line for one in troubles if one.file == kind.file_of(name)},
        comment=visit.typed("comment", draft.comment if draft else ""),
        file=kind.file_of(name),
        longest=LONGEST_TEXT,
        steps=_steps(visit, kind, text),
        templates=sorted(visit.program.templates.all_in_force()),
        orders=_ORDERS,
        step_kinds=KINDS_OF_STEP,
        senders=_senders(kind, text),
        sender=visit.query("sender") or visit.typed("sender"),
        sender_fields=SENDER_FIELDS,
        roles=ROLES,
    )


def save(visit: Visit) -> Response:
    """Keep what was typed; it is never lost, whatever is wrong with it."""
    return _saved(visit, lambda _text: visit.field("text").replace("\r\n", "\n"))


def save_ladder(visit: Visit) -> Response:
    """Keep the steps of the table, the rest of the text as it stands."""
    return _saved(visit, lambda text: _with_steps(visit, text))


def save_sender(visit: Visit) -> Response:
    """Keep one sender's fields, the rest of the text as it stands."""
    return _saved(visit, lambda text: _with_sender(visit, text))


def _saved(visit: Visit, change: Callable[[str], str]) -> Response:
    kind, name = kind_of(visit), visit.path("name")
    require_pages(visit, kind)
    at = f"/configuration/{kind.word}/{name}/edit"
    draft = _draft(visit, kind, name)
    before = draft.text if draft else text_in_force(visit, kind, name)
    if before is None:
        raise not_found(f"{kind.one} of that name")
    try:
        number = _save(visit, kind, name, change(before), None if visit.text("do") == "new" else draft)
    except (ReviewRefused, NotEditableError, ConfigError, ValueError) as refused:
        return again(visit, show_editor, sentence_of(refused), at=at)
    saved = _version(visit, kind, name, number)
    count = len(troubles_in(visit, saved))
    if not count:
        return go_to(visit, path_of(saved), f"Saved as draft {number}.")
    things = f"{count} thing{'s' if count > 1 else ''} to see to before it can be handed in."
    return go_to(visit, f"{at}?version={number}", f"Saved as draft {number}. {things}")


def _save(visit: Visit, kind: Kind, name: str, text: str, draft: ConfigVersion | None) -> int:
    house = visit.program
    revision = visit.text("revision")
    wanted = Draft(
        kind=kind.word,
        name=name,
        text=text,
        author=visit.actor,
        comment=visit.text("comment")[:300],
        version=draft.version if draft else 0,
        revision=int(revision) if draft and revision.isdecimal() else 0,
    )
    return save_text(house.database, lambda _texts: (), house.file_texts(), wanted, now=visit.now).version


def _draft(visit: Visit, kind: Kind, name: str) -> ConfigVersion | None:
    """The draft that is asked for, else the newest; None where there is none."""
    number = a_number(visit, "version")
    drafts = [one for one in history_of(visit, kind, name) if one.state is VersionState.DRAFT]
    wanted = [one for one in drafts if one.version == number]
    return next(iter(wanted or drafts), None)


def _version(visit: Visit, kind: Kind, name: str, number: int) -> ConfigVersion:
    return next(one for one in history_of(visit, kind, name) if one.version == number)


def _order_words(channels: tuple[str, ...]) -> str:
    names = {"email": "e-mail", "sms": "SMS", "letter": "letter", "call": "a call"}
    return ", else ".join(names[channel] for channel in channels)


_WRITTEN = tuple(kind.value for kind in ChannelKind)
_ORDERS = [
    (",".join(some), _order_words(some)) for count in (1, 2, 3) for some in permutations(_WRITTEN, count)
] + [(CallKind.CALL.value, _order_words((CallKind.CALL.value,)))]


def _data(text: str) -> Mapping[str, Any]:
    try:
        data = parse_yaml(text, _NOWHERE).data
    except ConfigError:
        return {}
    return data if isinstance(data, dict) else {}


def _steps(visit: Visit, kind: Kind, text: str) -> list[dict[str, str]]:
    """The rows of the table: the text's steps, and a few to fill in; what was typed where the form is shown again."""
    if kind.word != "strategies":
        return []
    steps = _data(text).get("steps")
    found = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    rows = [
        {
            "was": str(place),
            "name": str(step.get("name", "")),
            "kind": str(step.get("kind", "")),
            "day": str(step.get("day", "")),
            "channels": ",".join(map(str, step.get("channels") or ())),
            "template": str(step.get("template", "")),
            "wait": str(step.get("valid_days", "")),
        }
        for place, step in enumerate(found)
    ]
    rows += [dict.fromkeys(_COLUMNS, "") for _ in range(SPARE_ROWS)]
    if visit.wrong and "name-0" in visit.form:
        rows = [{name: visit.field(f"{name}-{i}") for name in _COLUMNS} for i in range(len(rows))]
    return rows


_COLUMNS = ("was", "name", "kind", "day", "channels", "template", "wait")


def _with_steps(visit: Visit, text: str) -> str:
    """The text with the table's steps: changed where they stood, new ones by their day, those taken out gone."""
    gone: list[int] = []
    new: list[dict[str, Any]] = []
    for i in range(MOST_ROWS):
        if f"name-{i}" not in visit.form:
            break
        was, step = visit.text(f"was-{i}"), _typed_step(visit, i)
        if visit.text(f"out-{i}"):
            gone += [int(was)] if was.isdecimal() else []
        elif was.isdecimal():
            text = with_values(text, ("steps", int(was)), step)
        elif step["name"]:
            new.append({key: value for key, value in step.items() if value is not None})
    for place in sorted(gone, reverse=True):
        text = without_item(text, ("steps",), place)
    for step in sorted(new, key=lambda one: int(one["day"])):
        days = [one["day"] for one in _data(text)["steps"]]
        text = with_item(text, ("steps",), sum(day <= step["day"] for day in days), step)
    return text


def _typed_step(visit: Visit, i: int) -> dict[str, Any]:
    name = visit.text(f"name-{i}")
    channels = [each for each in visit.text(f"channels-{i}").split(",") if each]
    return {
        "name": name,
        "kind": visit.text(f"kind-{i}"),
        "day": _whole(visit.text(f"day-{i}"), f"the day of {name}") if name else 0,
        "channels": channels,
        "template": None if channels == [CallKind.CALL.value] else visit.text(f"template-{i}") or None,
        "valid_days": _whole(visit.text(f"wait-{i}"), f"how long {name} waits")
        if visit.text(f"wait-{i}")
        else None,
    }


def _whole(text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise NotEditableError(
            f"{what} is a whole number of days, such as 10 or -3; {text!r} is none"
        ) from None


def _senders(kind: Kind, text: str) -> dict[str, Mapping[str, Any]]:
    if kind.word != "senders":
        return {}
    return {str(key): item for key, item in _senders_of(text).items() if isinstance(item, dict)}


def _with_sender(visit: Visit, text: str) -> str:
    key = visit.text("sender")
    values: dict[str, Any] = {name: visit.text(name) or None for name, _, _ in SENDER_FIELDS}
    values["role"] = visit.text("role")
    values["address_lines"] = _lines(visit, "address_lines")
    hours = {
        name: words.strip() for name, _, words in (line.partition(":") for line in _lines(visit, "hours"))
    }
    values["contact_hours"] = {name.strip(): words for name, words in hours.items() if words}
    old = _senders_of(text).get(key)
    if old is None:
        raise NotEditableError(f"there is no sender {key}")
    same = {name for name, value in values.items() if value is not None and old.get(name) == value}
    return with_values(
        text, ("senders", key), {name: value for name, value in values.items() if name not in same}
    )


def _senders_of(text: str) -> Mapping[str, Any]:
    found = _data(text).get("senders")
    return found if isinstance(found, dict) else {}


def _lines(visit: Visit, name: str) -> list[str]:
    return [line.strip() for line in visit.field(name).splitlines() if line.strip()]


_ONE = "/configuration/{kind}/{name}"
PAGES = (
    Page("GET", "/configuration/{kind}/new", new_text),
    Page("POST", "/configuration/{kind}/new", begin_text),
    Page("GET", f"{_ONE}/edit", show_editor),
    Page("POST", f"{_ONE}/edit", save),
    Page("POST", f"{_ONE}/ladder", save_ladder),
    Page("POST", f"{_ONE}/sender", save_sender),
)
