"""What is on somebody's own desk: the first thing that they see, by their roles."""

from dataclasses import dataclass

from dispatcher.authoring.storage import template_versions
from dispatcher.configuration.domain.config_version import ConfigVersion
from dispatcher.configuration.domain.language_parts import PARTS, WORDING, is_language
from dispatcher.configuration.storage import config_versions
from dispatcher.messages.storage import message_lists
from dispatcher.people.storage import handlers, task_lists
from dispatcher.runs.second_person import for_second_person
from dispatcher.runs.storage import day_counts, jobs
from dispatcher.users.domain.user import Role
from dispatcher.web.site.visit import Visit
from dispatcher.web.site.words import language_name
from dispatcher.writing.domain.template import VersionState


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One line of it: how many, of what, and where they stand."""

    count: int
    what: str
    address: str


def own_work(visit: Visit, waiting: day_counts.Waiting) -> list[Work]:
    """What waits for this very user."""
    name = visit.user.name
    found: list[Work] = []
    with visit.program.database.reading() as connection:
        if visit.has(Role.OPERATOR, Role.AUDITOR):
            for kind, count in task_lists.counts(connection, owner=name).items():
                found.append(Work(count=count, what=kind, address=f"/tasks?kind={kind}&mine=yes"))
            handled = handlers.people_of(connection, name, on=visit.now.date())
            for state, count in message_lists.count_owned(connection, name, handled).items():
                found.append(Work(count=count, what=state, address=f"/tasks?kind={state}&mine=yes"))
        if visit.has(Role.APPROVER):
            others = [one for one in for_second_person(connection) if one.by != visit.actor]
            found.append(Work(count=len(others), what="review", address="/tasks?kind=review"))
        if visit.has(Role.MANAGER):
            found += _drafts(template_versions.drafts(connection), visit.actor)
            found += _changes(config_versions.unsettled(connection), visit.actor)
        running = [
            job
            for job in jobs.of_owner(connection, name, now=visit.program.real_now(), limit=20)
            if job.state in {"running", "interrupted"}
        ]
    if visit.has(Role.COUNSEL) and visit.program.policy.reviews is not None:
        unread = len(visit.program.policy.unreviewed(visit.program.policy.rulebook))
        found.append(Work(count=unread, what="packs_to_review", address="/rules"))
    found.append(Work(count=len(running), what="begun_and_not_ended", address="/jobs"))
    if visit.has(Role.AUDITOR):
        found.append(
            Work(
                count=sum(one.count for one in waiting.messages),
                what="exceptions_open",
                address="/log/exceptions",
            )
        )
    return [one for one in found if one.count]


def _drafts(versions: list[template_versions.StoredVersion], actor: str) -> list[Work]:
    mine = [one for one in versions if actor in one.version.authors]
    return [
        Work(
            count=1,
            what=f"draft of {one.version.name}, version {one.version.version}",
            address=f"/templates/{one.version.name}/versions/{one.version.version}",
        )
        for one in mine[:10]
    ]


def _changes(versions: list[ConfigVersion], actor: str) -> list[Work]:
    """A line a draft; those of one language are written as a whole, and are one line."""
    mine = [one for one in versions if one.state is VersionState.DRAFT and actor in one.authors]
    whole = {one.name for one in mine if one.kind == WORDING and is_language(one.name)}
    texts = {name: {(part.kind, part.name_in(name)) for part in PARTS if not part.section} for name in whole}
    found = [
        Work(
            count=sum((one.kind, one.name) in names for one in mine),
            what=f"drafts of {language_name(name)}",
            address=f"/languages/{name}",
        )
        for name, names in sorted(texts.items())
    ]
    mine = [one for one in mine if not any((one.kind, one.name) in names for names in texts.values())]
    return found + [
        Work(
            count=1,
            what=f"draft of {one.kind} {one.name}, version {one.version}",
            address=f"/configuration/{one.kind}/{one.name}/versions/{one.version}",
        )
        for one in mine[:10]
    ]
