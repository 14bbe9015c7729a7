"""A version's way: handed in, approved or sent back by another person, published, retired, tried out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.responses import Response

from channels.kind import ChannelKind
from dispatcher.authoring.edit_template import Edit, save_draft
from dispatcher.authoring.publish_template import publish_template, retire_template
from dispatcher.authoring.rehearse_template import rehearse_template
from dispatcher.authoring.review_template import (
    approve_template,
    send_back_template,
    submit_template,
    withdraw_template,
)
from dispatcher.authoring.send_to_oneself import CannotTestError, send_to_oneself, was_accepted
from dispatcher.authoring.storage.template_versions import StoredVersion
from dispatcher.values import written
from dispatcher.web.managers.templates import history_of, in_force_of, show_version, version_of
from dispatcher.web.site.job_runner import Report
from dispatcher.web.site.page import again, go_to, sentence_of, site_of
from dispatcher.web.site.visit import Page, RefusedError, Visit
from dispatcher.writing.domain.template import ReviewRefused
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.problems import TemplateProblems

MOST_PROBLEMS = 5


def submit(visit: Visit) -> Response:
    """Hand a draft in for review."""
    return _act(
        visit,
        lambda name, version: submit_template(
            visit.program.database,
            visit.program.layouts,
            name,
            version,
            actor=visit.actor,
            now=visit.now,
            comment=visit.text("comment")[:300],
        ),
        "Handed in. Another person with the role approver reviews it.",
    )


def approve(visit: Visit) -> Response:
    """Approve somebody else's version."""
    return _act(
        visit,
        lambda name, version: approve_template(
            visit.program.database, name, version, actor=visit.actor, now=visit.now
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
            visit.program.database, name, version, actor=visit.actor, why=why, now=visit.now
        ),
        "Sent back to its author.",
    )


def publish(visit: Visit) -> Response:
    """Publish now or from a date; what would vanish must be meant."""
    since = _since(visit)
    done = _act(
        visit,
        lambda name, version: publish_template(
            visit.program.database,
            visit.program.layouts,
            name,
            version,
            actor=visit.actor,
            now=visit.now,
            since=since,
            accept_vanished=bool(visit.text("accept_vanished")),
        ),
        f"Published from {since:%Y-%m-%d %H:%M} UTC." if since else "Published. The next messages use it.",
    )
    visit.program.templates.forget()
    return done


def retire(visit: Visit) -> Response:
    """Take it out of force; the version before it holds again."""
    why = visit.text("why")[:1000]
    done = _act(
        visit,
        lambda name, version: retire_template(
            visit.program.database, name, version, actor=visit.actor, why=why, now=visit.now
        ),
        "Retired. The version published before it holds again.",
    )
    visit.program.templates.forget()
    return done


def withdraw(visit: Visit) -> Response:
    """Take a draft, or what waits for its review, back for good."""
    why = visit.text("why")[:1000] or "taken back by its author"
    return _act(
        visit,
        lambda name, version: withdraw_template(
            visit.program.database, name, version, actor=visit.actor, why=why, now=visit.now
        ),
        "Taken back. Its text stays in the history.",
    )


def copy_to_draft(visit: Visit) -> Response:
    """Begin a new draft from a version: to go on from it, or to roll back to its text."""
    stored = version_of(visit)
    version = stored.version
    edit = Edit(
        name=version.name, files=version.files, author=visit.actor, comment=f"from version {version.version}"
    )
    saved = save_draft(visit.program.database, visit.program.layouts, edit, now=visit.now)
    return go_to(
        visit,
        f"/templates/{version.name}/edit?version={saved.version}",
        f"Draft {saved.version} begins as a copy.",
    )


def rehearse(visit: Visit) -> Response:
    """Render the version for the whole portfolio, beside the page."""
    stored, house = version_of(visit), visit.program
    try:
        new = compile_version(stored.version, house.layouts)
    except TemplateProblems as problems:
        return _back(visit, wrong=_first_problems(problems))
    in_force = in_force_of(history_of(visit, stored.version.name), visit.now)
    old = compile_version(in_force.version, house.layouts) if in_force else None
    now = visit.now

    def work(report: Report) -> dict[str, Any]:
        seen = 0

        def progress(count: int) -> None:
            nonlocal seen
            seen += count
            report(seen, 0)

        found = rehearse_template(
            house.database, house.policy, new, old, as_of=now.date(), now=now, progress=progress
        )
        return {
            "rendered": found.rendered,
            "failed": found.failed,
            "too_long": found.too_long,
            "changed": found.changed,
            "longest_sms": found.longest_sms,
            "branches": found.branches,
            "vanished": {sentence: [count, names] for sentence, (count, names) in found.vanished.items()},
            "troubles": {sentence: [count, names] for sentence, (count, names) in found.troubles.items()},
        }

    details = {
        "template": stored.version.name,
        "version": stored.version.version,
        "as_of": now.date().isoformat(),
    }
    key = site_of(visit.request).jobs.start("template_report", visit.user.name, details, work)
    return go_to(visit, f"/jobs/{key}")


def test_send(visit: Visit) -> Response:
    """Send its e-mail to oneself, with a sample debtor's data."""
    stored, house = version_of(visit), visit.program
    if site_of(visit.request).test_limit.refuses(visit.user.name) is not None:
        return _back(visit, wrong="Ten test sends an hour are enough. Try later.")
    language = visit.text("file").partition("/")[0]
    try:
        compiled = compile_version(stored.version, house.layouts)
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


def _act(visit: Visit, act: Callable[[str, int], StoredVersion], done: str) -> Response:
    stored = version_of(visit)
    try:
        act(stored.version.name, stored.version.version)
    except TemplateProblems as problems:
        return _back(visit, wrong=_first_problems(problems))
    except ReviewRefused as refused:
        return _back(visit, wrong=sentence_of(refused))
    return go_to(visit, version_path(visit), done)


def _back(visit: Visit, *, wrong: str) -> Response:
    return again(visit, show_version, wrong, at=version_path(visit))


def _first_problems(problems: TemplateProblems) -> str:
    first = [str(problem) for problem in problems.problems[:MOST_PROBLEMS]]
    more = len(problems.problems) - len(first)
    return (
        "It cannot be used yet. "
        + " ".join(f"{line}." for line in first)
        + (f" And {more} more." if more else "")
    )


def _since(visit: Visit) -> datetime | None:
    text = visit.text("since")
    if not text:
        return None
    at = written.instant(text if "T" in text or " " in text else f"{text}T00:00")
    if at is None:
        raise RefusedError(400, f"{text!r} is no date.")
    return at


_ONE = "/templates/{name}/versions/{version}"
PAGES = (
    Page("POST", f"{_ONE}/submit", submit),
    Page("POST", f"{_ONE}/approve", approve),
    Page("POST", f"{_ONE}/send-back", send_back),
    Page("POST", f"{_ONE}/publish", publish),
    Page("POST", f"{_ONE}/retire", retire),
    Page("POST", f"{_ONE}/withdraw", withdraw),
    Page("POST", f"{_ONE}/copy", copy_to_draft),
    Page("POST", f"{_ONE}/rehearse", rehearse),
    Page("POST", f"{_ONE}/test-send", test_send),
)
