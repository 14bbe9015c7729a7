"""Templates: the list, one with its history, a version with its review, and the difference between two."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from channels.kind import ChannelKind
from dispatcher.domain.template import ReviewRefused, TemplateVersion, VersionState
from dispatcher.rendering.compile import compile_version
from dispatcher.rendering.problems import TemplateProblems
from dispatcher.services.compare_versions import compare_versions
from dispatcher.services.edit_template import Edit, save_draft
from dispatcher.services.publish_template import publish_template, retire_template
from dispatcher.services.rehearse_template import rehearse_template
from dispatcher.services.send_to_oneself import CannotTestError, send_to_oneself, was_accepted
from dispatcher.services.review_template import approve_template, read_version, send_back_template, submit_template
from dispatcher.storage import template_versions
from dispatcher.storage.template_versions import StoredVersion
from dispatcher.web.filters import a_number
from dispatcher.web.job_runner import Report
from dispatcher.web.list_export import exported
from dispatcher.web.site import go_to, page, sentence_of, site_of
from dispatcher.web.visit import Page, RefusedError, Visit, not_found

MOST_PROBLEMS = 5


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
    versions = _history(visit, name)
    in_force = _in_force(versions, visit.now)
    shown = in_force or versions[0]
    used = [
        (strategy.name, step.name)
        for strategy in visit.house.desk.strategies
        for step in strategy.steps
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
    stored = _version(visit)
    versions = _history(visit, name)
    in_force = _in_force(versions, visit.now)
    before = next((one for one in versions if one.version.version < stored.version.version), None)
    return page(
        visit,
        "template_version",
        name=name,
        stored=stored,
        versions=versions,
        in_force=in_force,
        before=before,
        own=visit.actor in stored.version.authors,
        texts=_texts(stored.version),
    )


def show_diff(visit: Visit) -> Response:
    """What changed between two versions, file by file."""
    name = visit.path("name")
    old, new = a_number(visit, "old"), a_number(visit, "new")
    versions = _history(visit, name)
    if old is None or new is None:
        raise RefusedError(400, "Say which two versions: ?old=1&new=2.")
    try:
        pair = [read_version(visit.house.database, name, number).version for number in (old, new)]
    except ReviewRefused as error:
        raise RefusedError(404, sentence_of(error)) from None
    return page(visit, "template_diff", name=name, old=old, new=new, versions=versions, lines=diff_lines(*pair))


def diff_lines(old: TemplateVersion, new: TemplateVersion) -> list[tuple[str, str]]:
    """(class, line) of the difference; nothing where they are the same."""
    classes = {"+": "add", "-": "cut", "@": "where"}
    return [
        ("where" if line.startswith(("+++", "---")) else classes.get(line[:1], ""), line)
        for line in compare_versions(old, new).splitlines()
    ]


def submit(visit: Visit) -> Response:
    """Hand a draft in for review."""
    return _act(
        visit,
        lambda name, version: submit_template(
            visit.house.database, visit.house.house, name, version, actor=visit.actor, now=visit.now
        ),
        "Handed in. Another person with the role approver reviews it.",
    )


def approve(visit: Visit) -> Response:
    """Approve somebody else's version."""
    return _act(
        visit,
        lambda name, version: approve_template(
            visit.house.database, name, version, actor=visit.actor, now=visit.now
        ),
        "Approved. Publish it now or from a date.",
    )


def send_back(visit: Visit) -> Response:
    """Make it a draft again, with what is to change."""
    why = visit.text("why")
    if not why:
        return _back(visit, wrong="Say what is to change.")
    return _act(
        visit,
        lambda name, version: send_back_template(
            visit.house.database, name, version, actor=visit.actor, why=why, now=visit.now
        ),
        "Sent back to its author.",
    )


def publish(visit: Visit) -> Response:
    """Publish now or from a date."""
    since = _since(visit)
    done = _act(
        visit,
        lambda name, version: publish_template(
            visit.house.database, visit.house.house, name, version, actor=visit.actor, now=visit.now, since=since
        ),
        f"Published from {since:%Y-%m-%d %H:%M} UTC." if since else "Published. The next messages use it.",
    )
    visit.house.shelf.forget()
    return done


def retire(visit: Visit) -> Response:
    """Take it out of force; the version before it holds again."""
    done = _act(
        visit,
        lambda name, version: retire_template(visit.house.database, name, version, actor=visit.actor, now=visit.now),
        "Retired. The version published before it holds again.",
    )
    visit.house.shelf.forget()
    return done


def copy_to_draft(visit: Visit) -> Response:
    """Begin a new draft from a version: to go on from it, or to roll back to its text."""
    stored = _version(visit)
    version = stored.version
    edit = Edit(
        name=version.name, files=version.files, author=visit.actor, comment=f"from version {version.version}"
    )
    saved = save_draft(visit.house.database, visit.house.house, edit, now=visit.now)
    return go_to(visit, f"/templates/{version.name}/edit?version={saved.version}", f"Draft {saved.version} begins as a copy.")


def rehearse(visit: Visit) -> Response:
    """Render the version for the whole portfolio, beside the page."""
    stored, house = _version(visit), visit.house
    try:
        new = compile_version(stored.version, house.house)
    except TemplateProblems as problems:
        return _back(visit, wrong=_first_problems(problems))
    in_force = _in_force(_history(visit, stored.version.name), visit.now)
    old = compile_version(in_force.version, house.house) if in_force else None
    now = visit.now

    def work(report: Report) -> dict[str, Any]:
        seen = 0

        def progress(count: int) -> None:
            nonlocal seen
            seen += count
            report(seen, 0)

        found = rehearse_template(house.database, house.desk, new, old, as_of=now.date(), now=now, progress=progress)
        return {
            "rendered": found.rendered,
            "failed": found.failed,
            "too_long": found.too_long,
            "changed": found.changed,
            "longest_sms": found.longest_sms,
            "troubles": {sentence: [count, names] for sentence, (count, names) in found.troubles.items()},
        }

    details = {"template": stored.version.name, "version": stored.version.version, "as_of": now.date().isoformat()}
    key = site_of(visit.request).jobs.start("template_report", visit.user.name, details, work)
    return go_to(visit, f"/jobs/{key}")


def test_send(visit: Visit) -> Response:
    """Send its e-mail to oneself, with a sample debtor's data."""
    stored, house = _version(visit), visit.house
    if site_of(visit.request).test_limit.refuses(visit.user.name) is not None:
        return _back(visit, wrong="Ten test sends an hour are enough. Try later.")
    language = visit.text("file").partition("/")[0]
    try:
        compiled = compile_version(stored.version, house.house)
        outcome = send_to_oneself(
            house.database,
            house.channel(ChannelKind.EMAIL),
            compiled,
            visit.user,
            language=language,
            now=visit.now,
            random_bytes=house.random_bytes,
        )
    except TemplateProblems as problems:
        return _back(visit, wrong=_first_problems(problems))
    except CannotTestError as error:
        return _back(visit, wrong=sentence_of(error))
    if not was_accepted(outcome):
        return _back(visit, wrong=f"The provider did not take it: {outcome}")
    return go_to(visit, version_path(visit), f"Sent to {visit.user.email}.")


def version_path(visit: Visit) -> str:
    """The address of the version that the request is about."""
    return f"/templates/{visit.path('name')}/versions/{visit.path('version')}"


def stored_version(visit: Visit, number: int) -> StoredVersion:
    """A version by number, or a refusal that says which there are."""
    try:
        return read_version(visit.house.database, visit.path("name"), number)
    except ReviewRefused as error:
        raise RefusedError(404, sentence_of(error)) from None


def _act(visit: Visit, act: Callable[[str, int], StoredVersion], done: str) -> Response:
    stored = _version(visit)
    try:
        act(stored.version.name, stored.version.version)
    except TemplateProblems as problems:
        return _back(visit, wrong=_first_problems(problems))
    except ReviewRefused as refused:
        return _back(visit, wrong=sentence_of(refused))
    return go_to(visit, version_path(visit), done)


def _back(visit: Visit, *, wrong: str) -> Response:
    return go_to(visit, version_path(visit), wrong=wrong)


def _first_problems(problems: TemplateProblems) -> str:
    first = [str(problem) for problem in problems.problems[:MOST_PROBLEMS]]
    more = len(problems.problems) - len(first)
    return "It cannot be used yet. " + " ".join(f"{line}." for line in first) + (f" And {more} more." if more else "")


def _since(visit: Visit) -> datetime | None:
    text = visit.text("since")
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise RefusedError(400, f"{text!r} is no date.") from None


def _version(visit: Visit) -> StoredVersion:
    number = visit.path("version")
    if not number.isdecimal() or len(number) > 9:
        raise not_found("such version")
    return stored_version(visit, int(number))


def _history(visit: Visit, name: str) -> list[StoredVersion]:
    with visit.house.database.reading() as connection:
        versions = template_versions.history(connection, name)
    if not versions:
        raise not_found("such template")
    return versions


def _in_force(versions: list[StoredVersion], now: datetime) -> StoredVersion | None:
    by_now = [
        (one.version.published_from, one.version.version, one)
        for one in versions
        if one.version.state is VersionState.PUBLISHED
        and one.version.published_from is not None
        and one.version.published_from <= now
    ]
    return max(by_now, key=lambda found: found[:2])[2] if by_now else None


def _rows(visit: Visit) -> list[dict[str, Any]]:
    with visit.house.database.reading() as connection:
        histories = {name: template_versions.history(connection, name) for name in template_versions.names(connection)}
    return [_row(name, versions, visit.now) for name, versions in histories.items() if versions]


def _row(name: str, versions: list[StoredVersion], now: datetime) -> dict[str, Any]:
    in_force = _in_force(versions, now)
    shown = (in_force or versions[0]).version
    return {
        "name": name,
        "purpose": _purpose(shown),
        "in_force": in_force.version.version if in_force else None,
        "newest": versions[0].version,
        "languages": sorted({path.partition("/")[0] for path in shown.files if "/" in path}),
        "channels": [c for c in ("email", "sms", "letter") if any(path.endswith(_FILE[c]) for path in shown.files)],
    }


_FILE = {"email": "/email.md", "sms": "/sms.txt", "letter": "/letter.md"}


def _wanted(visit: Visit, row: dict[str, Any]) -> bool:
    purpose, state = visit.query("q").casefold(), visit.query("state")
    language, channel = visit.query("language"), visit.query("channel")
    return (
        purpose in f"{row['name']} {row['purpose']}".casefold()
        and (not state or row["newest"].state == state or (state == "published" and row["in_force"] is not None))
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


_ONE = "/templates/{name}/versions/{version}"
PAGES = (
    Page("GET", "/templates", list_templates),
    Page("GET", "/templates/{name}", show_template),
    Page("GET", "/templates/{name}/diff", show_diff),
    Page("GET", _ONE, show_version),
    Page("POST", f"{_ONE}/submit", submit),
    Page("POST", f"{_ONE}/approve", approve),
    Page("POST", f"{_ONE}/send-back", send_back),
    Page("POST", f"{_ONE}/publish", publish),
    Page("POST", f"{_ONE}/retire", retire),
    Page("POST", f"{_ONE}/copy", copy_to_draft),
    Page("POST", f"{_ONE}/rehearse", rehearse),
    Page("POST", f"{_ONE}/test-send", test_send),
)
