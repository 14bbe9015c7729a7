"""Templates to read: the list, one with its history, a version, and the difference between two."""

from datetime import datetime
from typing import Any

from starlette.responses import Response

from dispatcher.authoring.compare_versions import compare_versions
from dispatcher.authoring.edit_template import against_in_force
from dispatcher.authoring.review_template import read_version
from dispatcher.authoring.storage import template_versions
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.values import written
from dispatcher.web.site.filters import a_number
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import page, sentence_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, not_found
from dispatcher.writing.domain.template import ReviewRefused, TemplateVersion, VersionState

MOST_PROBLEMS = 5

MOST_VERSIONS = 999_999_999


def list_templates(visit: Visit) -> Response:
    """Every template with its purpose, languages, channels and where its versions stand."""
    rows = [row for row in _rows(visit) if _wanted(visit, row)]
    if visit.query("format"):
        return exported(visit, "templates", (_plain(row) for row in rows))
    return page(
        visit,
        "templates",
        rows=rows,
        states=list(VersionState),
        channels=("email", "sms", "letter"),
        languages=sorted({language for row in _rows(visit) for language in row["languages"]}),
    )


def show_template(visit: Visit) -> Response:
    """One template: what is in force, its versions, where it is used."""
    name = visit.path("name")
    versions = history_of(visit, name)
    in_force = in_force_of(versions, visit.now)
    shown = in_force or versions[0]
    used = [
        (strategy.name, step.name)
        for strategy in visit.program.policy.strategies
        for step in strategy.written()
        if step.template == name
    ]
    return page(
        visit,
        "template",
        name=name,
        versions=versions,
        in_force=in_force,
        purpose=_purpose(shown.version),
        used=used,
        draft=next((one for one in versions if one.version.state is VersionState.DRAFT), None),
        texts=_texts(shown.version),
    )


def show_version(visit: Visit) -> Response:
    """One version: its texts, and what may be done with it."""
    name = visit.path("name")
    stored = version_of(visit)
    versions = history_of(visit, name)
    in_force = in_force_of(versions, visit.now)
    earlier = next((one for one in versions if one.version.version < stored.version.version), None)
    is_in_force = in_force is not None and in_force.version.version == stored.version.version
    before = earlier if is_in_force else in_force or earlier
    return page(
        visit,
        "template_version",
        name=name,
        stored=stored,
        versions=versions,
        in_force=in_force,
        before=before,
        own=visit.actor in stored.version.authors,
        lost=against_in_force(visit.program.database, visit.program.layouts, stored.version, visit.now)
        if stored.version.state in {VersionState.SUBMITTED, VersionState.APPROVED}
        else (),
        texts=_texts(stored.version),
    )


def show_diff(visit: Visit) -> Response:
    """What changed between two versions, file by file."""
    name = visit.path("name")
    old, new = a_number(visit, "old"), a_number(visit, "new")
    versions = history_of(visit, name)
    if old is None or new is None:
        raise RefusedError(400, "Say which two versions: ?old=1&new=2.")
    try:
        pair = [read_version(visit.program.database, name, number).version for number in (old, new)]
    except ReviewRefused as error:
        raise RefusedError(404, sentence_of(error)) from None
    return page(
        visit, "template_diff", name=name, old=old, new=new, versions=versions, lines=diff_lines(*pair)
    )


def diff_lines(old: TemplateVersion, new: TemplateVersion) -> list[tuple[str, str]]:
    """(class, line) of the difference; nothing where they are the same."""
    classes = {"+": "add", "-": "cut", "@": "where"}
    return [
        ("where" if line.startswith(("+++", "---")) else classes.get(line[:1], ""), line)
        for line in compare_versions(old, new).splitlines()
    ]


def stored_version(visit: Visit, number: int) -> StoredVersion:
    """A version by number, or a refusal that says which there are."""
    try:
        return read_version(visit.program.database, visit.path("name"), number)
    except ReviewRefused as error:
        raise RefusedError(404, sentence_of(error)) from None


def version_of(visit: Visit) -> StoredVersion:
    """The version that the address names."""
    number = written.whole_number(visit.path("version"), most=MOST_VERSIONS)
    if number is None:
        raise not_found("such version")
    return stored_version(visit, number)


def history_of(visit: Visit, name: str) -> list[StoredVersion]:
    """All versions of a template, newest first; refuses one that is not there."""
    with visit.program.database.reading() as connection:
        versions = template_versions.history(connection, name)
    if not versions:
        raise not_found("such template")
    return versions


def in_force_of(versions: list[StoredVersion], now: datetime) -> StoredVersion | None:
    """The version that holds at an instant."""
    by_now = [
        (one.version.published_from, one.version.version, one)
        for one in versions
        if one.version.state is VersionState.PUBLISHED
        and one.version.published_from is not None
        and one.version.published_from <= now
    ]
    return max(by_now, key=lambda found: found[:2])[2] if by_now else None


def _rows(visit: Visit) -> list[dict[str, Any]]:
    with visit.program.database.reading() as connection:
        histories = {
            name: template_versions.history(connection, name) for name in template_versions.names(connection)
        }
    return [_row(name, versions, visit.now) for name, versions in histories.items() if versions]


def _row(name: str, versions: list[StoredVersion], now: datetime) -> dict[str, Any]:
    in_force = in_force_of(versions, now)
    shown = (in_force or versions[0]).version
    return {
        "name": name,
        "purpose": _purpose(shown),
        "in_force": in_force.version.version if in_force else None,
        "newest": versions[0].version,
        "languages": sorted({path.partition("/")[0] for path in shown.files if "/" in path}),
        "channels": [
            c for c in ("email", "sms", "letter") if any(path.endswith(_FILE[c]) for path in shown.files)
        ],
    }


_FILE = {"email": "/email.md", "sms": "/sms.txt", "letter": "/letter.md"}


def _wanted(visit: Visit, row: dict[str, Any]) -> bool:
    purpose, state = visit.query("q").casefold(), visit.query("state")
    language, channel = visit.query("language"), visit.query("channel")
    return (
        purpose in f"{row['name']} {row['purpose']}".casefold()
        and (
            not state
            or row["newest"].state == state
            or (state == "published" and row["in_force"] is not None)
        )
        and (not language or language in row["languages"])
        and (not channel or channel in row["channels"])
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    newest = row["newest"]
    return {**row, "newest": newest.version, "newest_state": newest.state.value}


def _purpose(version: TemplateVersion) -> str:
    """What `template.yaml` says it is for; a draft's may not be readable yet."""
    for line in version.files.get("template.yaml", "").splitlines():
        if line.startswith("purpose:"):
            return line.removeprefix("purpose:").strip().strip("\"'")
    return ""


def _texts(version: TemplateVersion) -> list[tuple[str, str]]:
    return sorted(version.files.items(), key=lambda item: (item[0] != "template.yaml", item[0]))


PAGES = (
    Page("GET", "/templates", list_templates),
    Page("GET", "/templates/{name}", show_template),
    Page("GET", "/templates/{name}/diff", show_diff),
    Page("GET", "/templates/{name}/versions/{version}", show_version),
)
