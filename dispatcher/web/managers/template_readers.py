"""A version beside the one in force, as people of the portfolio would read both: what a reviewer decides by."""

import base64
from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

from dispatcher.authoring.compare_readings import (
    SHOWN,
    Pair,
    Reading,
    Versions,
    most_different,
    pair_of,
    pairs,
    pairs_of,
    people_who_owe,
    readers,
    without_person,
)
from dispatcher.authoring.domain.word_changes import word_changes
from dispatcher.values import written
from dispatcher.web.managers.templates import history_of, in_force_of, version_of
from dispatcher.web.operators.messages import PICTURE_DPI, html_of
from dispatcher.web.site.access import READS_PEOPLE
from dispatcher.web.site.headers import FRAMED
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import page, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, not_found
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.problems import TemplateProblems
from dispatcher.writing.render import Rendered, render

LOOKED_AT = 500  # people rendered for the page; the export reads everybody
BEFORE, AFTER = "before", "after"


def show_readers(visit: Visit) -> Response:
    """The people whose messages change most, before and after, word by word; `?format=`: everybody whose changes."""
    versions = _versions(visit)
    house = visit.program
    if visit.query("format"):
        if not visit.has(*READS_PEOPLE):
            raise RefusedError(403, "A list of people is given to those alone who may read people.")
        found = readers(house.database, house.policy, versions)
        return exported(visit, f"readers-of-{versions.new.name}", (_row(pair) for pair in found))
    people = people_who_owe(house.database, versions.as_of)
    every = max(1, people // LOOKED_AT)
    chosen = most_different(pairs(house.database, house.policy, versions, every=every))
    return page(
        visit,
        "template_readers",
        name=versions.new.name,
        version=versions.new.version,
        old=versions.old.version if versions.old else None,
        people=people,
        looked_at=-(-people // every),
        most=SHOWN,
        readers=[_reader(visit, versions, number, name) for number, name in enumerate(chosen, start=1)],
        may_export=visit.has(*READS_PEOPLE),
    )


def show_reader(visit: Visit) -> Response:
    """One of them: the e-mail in its frames and the letter's pages as pictures, side by side."""
    versions, number, debtor = _chosen(visit)
    shown = _reader(visit, versions, number, debtor)
    sheets = [
        (pair, {which: _pictures(versions, pair, which) for which in (BEFORE, AFTER)})
        for pair in _pairs(visit, versions, debtor)
    ]
    return page(
        visit,
        "template_reader",
        name=versions.new.name,
        version=versions.new.version,
        old=versions.old.version if versions.old else None,
        reader=shown,
        sheets=sheets,
    )


def show_email(visit: Visit) -> Response:
    """Their e-mail before or after, for a frame of its own."""
    versions, _, debtor = _chosen(visit)
    pair = next((one for one in _pairs(visit, versions, debtor) if one.channel == "email"), None)
    rendered = _rendered(versions, pair, visit.path("which")) if pair else None
    if rendered is None:
        raise not_found("e-mail to show")
    return Response(html_of(rendered.body), media_type="text/html; charset=utf-8", headers=FRAMED)


def _versions(visit: Visit) -> Versions:
    """The version of the address beside the one in force; beside the one before it where it is itself in force."""
    stored = version_of(visit)
    history = history_of(visit, stored.version.name)
    in_force = in_force_of(history, visit.now)
    if in_force and in_force.version.version == stored.version.version:
        in_force = in_force_of([one for one in history if one is not in_force], visit.now)
    layouts = visit.program.layouts
    try:
        new = compile_version(stored.version, layouts)
        old = compile_version(in_force.version, layouts) if in_force else None
    except TemplateProblems as problems:
        raise RefusedError(409, f"It cannot be read yet: {problems.problems[0]}.") from None
    return Versions(new=new, old=old, as_of=visit.now.date(), now=visit.now)


def _chosen(visit: Visit) -> tuple[Versions, int, str]:
    """The reader that the address counts: the order is the page's."""
    versions, house = _versions(visit), visit.program
    every = max(1, people_who_owe(house.database, versions.as_of) // LOOKED_AT)
    chosen = most_different(pairs(house.database, house.policy, versions, every=every))
    number = written.whole_number(visit.path("number"), most=len(chosen))
    if not number:
        raise not_found("such reader")
    return versions, number, chosen[number - 1]


def _pairs(visit: Visit, versions: Versions, debtor: str) -> list[Pair]:
    house = visit.program
    found = list(pairs_of(house.database, house.policy, versions, [debtor]))
    if visit.has(*READS_PEOPLE):
        if found:
            site_of(visit.request).views.note(visit.actor, "preview", debtor)
        return found
    return [
        pair_of(versions, "", without_person(one.inputs), name="Somebody Else", language=one.language)
        for one in found
    ]


def _reader(visit: Visit, versions: Versions, number: int, debtor: str) -> dict[str, Any]:
    found = _pairs(visit, versions, debtor)
    return {
        "number": number,
        "debtor": debtor if visit.has(*READS_PEOPLE) else "",
        "name": found[0].name if found else "",
        "messages": [(pair, list(_compared(pair))) for pair in found],
    }


def _compared(pair: Pair) -> Iterator[tuple[str, list[Any]]]:
    """(part, its words that stay, go and come) of every part that either version has."""
    for part in dict.fromkeys((*pair.before.parts, *pair.after.parts)):
        yield part, word_changes(pair.before.parts.get(part, ""), pair.after.parts.get(part, ""))


def _rendered(versions: Versions, pair: Pair, which: str) -> Rendered | None:
    compiled = versions.new if which == AFTER else versions.old
    reading: Reading = pair.after if which == AFTER else pair.before
    if compiled is None or not reading.parts:
        return None
    inputs = pair.inputs
    rendered = render(
        compiled, inputs, message_id="sample", to=inputs.debtor.email, to_name=inputs.debtor.name
    )
    return rendered if isinstance(rendered, Rendered) else None


def _pictures(versions: Versions, pair: Pair, which: str) -> list[str]:
    if pair.channel != "letter":
        return []
    rendered = _rendered(versions, pair, which)
    if rendered is None:
        return []
    from dispatcher.writing.letters.pictures import letter_pages_as_png

    pages = letter_pages_as_png(rendered.body, PICTURE_DPI, show_window=True)
    return ["data:image/png;base64," + base64.b64encode(one).decode() for one in pages]


def _row(pair: Pair) -> dict[str, Any]:
    changes = [
        change
        for _, changes in _compared(pair)
        for change in changes
        if change.kind != "same" and change.text.strip()
    ]
    return {
        "debtor": pair.debtor,
        "channel": pair.channel,
        "language": pair.language,
        "before": pair.before.nothing or "a message",
        "after": pair.after.nothing or "a message",
        "goes": " … ".join(change.text.strip() for change in changes if change.kind == "cut"),
        "comes": " … ".join(change.text.strip() for change in changes if change.kind == "add"),
    }


_READERS = "/templates/{name}/versions/{version}/readers"
PAGES = (
    Page("GET", _READERS, show_readers),
    Page("GET", f"{_READERS}/{{number}}", show_reader),
    Page("GET", f"{_READERS}/{{number}}/email/{{which}}", show_email),
)
