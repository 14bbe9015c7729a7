"""What waits for a second person, wherever four eyes are wanted: texts to approve or publish, hand-overs to decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time

from dispatcher.agreements.storage import handovers
from dispatcher.authoring.storage import template_versions
from dispatcher.configuration.storage import config_versions
from dispatcher.database.engine import Connection
from dispatcher.writing.domain.template import VersionState

_WANTED = {VersionState.SUBMITTED: "approve", VersionState.APPROVED: "publish"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ForSecond:
    """One thing that somebody began and somebody else must end."""

    what: str
    wanted: str  # approve, publish, decide
    by: str  # who began it, and so may not end it
    since: datetime
    why: str
    address: str  # of its page

    def days(self, now: datetime) -> int:
        """How long it has waited, in whole days."""
        return (now - self.since).days


def for_second_person(connection: Connection) -> list[ForSecond]:
    """Everything that waits so, the oldest first."""
    return sorted(
        [*_texts(connection), *_configuration(connection), *_handovers(connection)],
        key=lambda one: (one.since, one.what),
    )


def _texts(connection: Connection) -> Iterator[ForSecond]:
    for name in template_versions.names(connection):
        for stored in template_versions.history(connection, name):
            version = stored.version
            since = stored.approved_at or stored.submitted_at
            if version.state in _WANTED and since is not None:
                yield ForSecond(
                    what=f"template {name}, version {version.version}",
                    wanted=_WANTED[version.state],
                    by=version.author,
                    since=since,
                    why=version.comment,
                    address=f"/templates/{name}/versions/{version.version}",
                )


def _configuration(connection: Connection) -> Iterator[ForSecond]:
    for version in config_versions.unsettled(connection):
        if version.state in _WANTED and version.submitted_at is not None:
            yield ForSecond(
                what=f"{version.kind} {version.name}, version {version.version}",
                wanted=_WANTED[version.state],
                by=version.author,
                since=version.submitted_at,
                why=version.comment,
                address=f"/configuration/{version.kind}/{version.name}/versions/{version.version}",
            )


def _handovers(connection: Connection) -> Iterator[ForSecond]:
    for row in handovers.listed(connection):
        if row.state == "proposed" and row.decided_by:
            yield ForSecond(
                what=f"hand-over of {row.key}/{row.reference}",
                wanted="decide",
                by=", ".join(row.decided_by),
                since=row.recorded_at or datetime.combine(row.proposed_on, time(), UTC),
                why=row.why,
                address="/handover",
            )
