"""Tells somebody about the day: a summary by webhook or e-mail, a ping when a run finished, an alarm when none did."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

from channels.kind import ChannelKind
from channels.message import OutboundMessage
from channels.outcome import Accepted
from channels.port import Channel
from dispatcher.database.engine import Database
from dispatcher.delivery.stop_delivery import stops_in_force
from dispatcher.runs.storage import day_report

Request = Callable[[str, str, bytes], int]
"""(method, URL, body) -> HTTP status; raises OSError when nobody answers."""


class NobodyToldError(Exception):
    """The notice could not be delivered to anyone; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticePorts:
    """Whom to tell and by what means; what is not set is left out."""

    database: Database
    request: Request
    email: Channel | None = None
    email_to: str = ""
    email_from: str = "dispatcher@localhost"
    webhook_url: str = ""
    ping_url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One notice: a line to see first, the text, and the same as values."""

    subject: str
    text: str
    values: dict[str, Any] = field(default_factory=dict)


def day_notice(database: Database, day: date, *, now: datetime) -> Notice:
    """What went out in the 24 hours before `now`, what was kept back and why, what needs a person, the newest seal.

    Hours and not the calendar's day: a summary at six in the evening would leave out what went out at seven.
    """
    since = now - timedelta(days=1)
    with database.reading() as connection:
        report = day_report.read(connection, since, now)
    stops = [f"{row.stop}: {row.why}" for row in stops_in_force(database)]
    sent = sum(count for _, count in report.sent)
    values = {
        "day": day.isoformat(),
        "since": since.isoformat(),
        "at": now.isoformat(),
        "sent": dict(report.sent),
        "kept_back": [{"why": why, "count": count} for why, count in report.kept_back],
        "needs_a_person": dict(report.needs_a_person),
        "left_open": {one.state: one.as_json(now.date()) for one in report.left_open},
        "expired": report.expired,
        "failed_jobs": dict(report.failed_jobs),
        "refused_creditors": dict(report.refused),
        "stopped": stops,
        "newest_seal": report.seal,
        "restore_drill": dict(report.drill) if report.drill else None,
    }
    waiting = sum(count for _, count in report.needs_a_person)
    subject = f"Reminders on {day}: {sent} sent, {waiting} for a person"
    subject += (", TROUBLE" if report.failed_jobs or report.refused else "") + (", STOPPED" if stops else "")
    return Notice(subject=subject, text="\n".join(_lines(report, stops, since, now)), values=values)


def nobody_ran_notice(database: Database, day: date, by: str, *, now: datetime) -> Notice | None:
    """An alarm when no run of a day has finished by its hour; None when one has."""
    with database.reading() as connection:
        if day_report.has_finished_run(connection, day):
            return None
        failed = day_report.failed_jobs(connection, now - timedelta(days=1))
    text = f"No run for {day} has finished by {by}. "
    text += "Is `dispatcher scheduler` or `dispatcher up` alive, and what does its output say?"
    text = "\n".join([text, *_failed(failed)])
    return Notice(
        subject=f"NO REMINDER RUN on {day}", text=text, values={"day": day.isoformat(), "alarm": "no run"}
    )


def tell(ports: NoticePorts, notice: Notice, *, now: datetime) -> list[str]:
    """Send a notice everywhere that is set up; returns where it arrived.

    Raises NobodyToldError when it was to arrive somewhere and arrived nowhere.
    """
    told, failed = [], []
    for place, send in (("webhook", _webhook), ("e-mail", _email)):
        problem = send(ports, notice, now)
        if problem is None:
            told.append(place)
        elif problem:
            failed.append(f"{place}: {problem}")
    if failed and not told:
        raise NobodyToldError("; ".join(failed))
    return told


def ping(ports: NoticePorts) -> bool:
    """Tell the dead man's switch that a run has finished; whoever watches it raises the alarm when this stays out."""
    return bool(ports.ping_url) and _status(ports.request, "GET", ports.ping_url, b"") == ""


def _webhook(ports: NoticePorts, notice: Notice, _now: datetime) -> str | None:
    if not ports.webhook_url:
        return ""
    body = json.dumps({"text": f"{notice.subject}\n{notice.text}", **notice.values}).encode()
    return _status(ports.request, "POST", ports.webhook_url, body) or None


def _email(ports: NoticePorts, notice: Notice, now: datetime) -> str | None:
    if not ports.email_to or ports.email is None:
        return ""
    key = f"notice-{uuid4().hex}"  # two may come in one second
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = ports.email_from, ports.email_to, notice.subject
    mail.set_content(notice.text)
    outbound = OutboundMessage(
        message_id=key,
        channel=ChannelKind.EMAIL,
        body=mail.as_bytes(),
        to=ports.email_to,
        sender=ports.email_from,
        subject=notice.subject,
        not_after=now + timedelta(days=1),
    )
    outcome = ports.email.send(outbound, now=now)
    return None if isinstance(outcome, Accepted) else f"{type(outcome).__name__}"


def _status(request: Request, method: str, url: str, body: bytes) -> str:
    try:
        status = request(method, url, body)
    except OSError as error:
        return str(error)
    return "" if status < 300 else f"HTTP {status}"


def _lines(report: day_report.DayReport, stops: Sequence[str], since: datetime, until: datetime) -> list[str]:
    return [
        f"From {since.astimezone(UTC):%Y-%m-%d %H:%M} to {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "Sent: " + _list(report.sent),
        "Kept back: " + ("; ".join(f"{count} {why}" for why, count in report.kept_back) or "nothing"),
        "For a person: " + _list(report.needs_a_person),
        *(f"Left open: {one.sentence(until.date())}" for one in report.left_open),
        *([f"Expired: {report.expired} were not sent in time"] if report.expired else []),
        *_failed(report.failed_jobs),
        *(f"Refused: {creditor}: {why}" for creditor, why in sorted(report.refused.items())),
        "Stopped: " + ("; ".join(stops) or "nothing"),
        "Newest seal: " + (report.seal or "none"),
        "Newest restore drill: " + _drilled(report.drill),
    ]


def _drilled(drill: Mapping[str, Any] | None) -> str:
    if drill is None:
        return "none; nobody knows whether a backup would serve"
    said = f"{drill['file']} of {drill['made_at']}, "
    if drill["passed"]:
        return f"{said}restored and verified with {drill['entries']} sealed entries"
    return f"{said}WOULD NOT SERVE: {'; '.join(drill['findings'])}"


def _failed(jobs: Sequence[tuple[str, str]]) -> list[str]:
    return [f"Failed: {schedule}: {why}" for schedule, why in jobs]


def _list(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts) or "nothing"
