"""What schedules can do, by name. Every job is safe to repeat."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from dispatcher.bootstrap import Dispatcher
from dispatcher.planning.storage import plans
from dispatcher.portfolio.import_portfolio import ImportRequest, import_portfolio
from dispatcher.runs.fire_schedules import Job
from dispatcher.runs.notify_day import NoticePorts
from dispatcher.worker import upkeep
from dispatcher.worker.daily_run import day_ports, prepare_again
from dispatcher.worker.delivery_process import DeliveryProcess

CHANGES_OVERLAP = timedelta(days=2)  # a file that was lost yesterday is made up for today


class WatchedFolderError(ValueError):
    """Files of the watched folder could not be imported; they lie in its `failed/` with the reason."""


class AccountError(ValueError):
    """A provider's account could not be asked or told everything; the next time makes up for it."""


class RestoreDrillError(ValueError):
    """The newest backup could not be restored and verified; the log says what was found."""


def _run(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    from dispatcher.runs.notify_day import ping
    from dispatcher.runs.run_day import DayRequest, run_day

    ports = day_ports(dispatcher, process, actor="scheduler")
    summary = run_day(ports, DayRequest(as_of=at.date()))
    ping(notice_ports(dispatcher))
    return f"run {summary.run_id}: " + ", ".join(f"{count} {word}" for word, count in summary.totals.items())


def _pass_on(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    """A run of the newest day again, where steps have waited too long for a provider that fails."""
    from dispatcher.delivery.pass_on_messages import waiting_to_pass_on

    now, real_now = dispatcher.now(), dispatcher.real_now()
    takers = waiting_to_pass_on(dispatcher.database, dispatcher.policy, now=now, real_now=real_now)
    if not takers:
        return "nothing waits for a provider that has failed too long"
    with dispatcher.database.reading() as connection:
        newest = plans.newest_run(connection, mode="live")
    day = at.replace(year=newest.as_of.year, month=newest.as_of.month, day=newest.as_of.day)
    return f"{len(takers)} steps go on to their next channel; {_run(dispatcher, process, day)}"


def _import(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    from dispatcher.portfolio.import_watched import import_watched

    del process, at
    folder = dispatcher.settings.import_folder
    if folder is None:
        return "no folder is watched: set DISPATCHER_IMPORT_FOLDER"
    done = import_watched(
        folder,
        lambda file, mapping, day: import_file(dispatcher, file, mapping, day),
        now=dispatcher.real_now(),
        mapping_named=dispatcher.mapping,
    )
    failed = [one for one in done if not one.imported]
    if failed:
        raise WatchedFolderError("; ".join(one.said for one in failed))
    return "; ".join(f"{one.file}: {one.said}" for one in done) or "no file waits"


def _alert(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    from dispatcher.runs.alert_care import alert_care

    del process, at
    told = alert_care(notice_ports(dispatcher), now=dispatcher.now())
    return f"told of {told}" if told else "nobody is at risk of whom nobody was told"


def _watch(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    from dispatcher.runs.notify_day import nobody_ran_notice, tell

    del process
    by = f"{at:%H:%M} {at.tzname()}"
    notice = nobody_ran_notice(dispatcher.database, at.date(), by, now=dispatcher.now())
    if notice is None:
        return "a run has finished"
    told = tell(notice_ports(dispatcher), notice, now=dispatcher.now())
    return f"no run has finished; told: {', '.join(told) or 'nobody is set up to be told'}"


def _summary(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    from dispatcher.runs.notify_day import day_notice, tell

    del process
    notice = day_notice(dispatcher.database, at.date(), now=dispatcher.now())
    told = tell(notice_ports(dispatcher), notice, now=dispatcher.now())
    return f"{notice.subject}; told: {', '.join(told) or 'nobody is set up to be told'}"


def _sweep(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    del at
    moved = process.sweep()
    prepared = prepare_again(dispatcher, actor="scheduler")
    return f"{moved} moved, {prepared} prepared again"


def _reconcile(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    del process, at
    found = upkeep.reconcile(dispatcher, actor="scheduler")
    return f"{found.accepted} accepted, {found.not_sent} not sent, {len(found.left)} left to a person"


def _accounts(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    del process, at
    upkeep.reconcile(dispatcher, actor="scheduler")
    reports = upkeep.reconcile_accounts(dispatcher, actor="scheduler")
    faults = [f"{one.provider}: {gap}" for one in reports for gap in one.gaps if gap.is_fault]
    said = "; ".join(str(report) for report in reports) or "no provider's account can be asked"
    if faults:
        raise AccountError(f"{said}; not everything was told: {'; '.join(faults)}")
    return said


def _answers(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    del process, at
    if dispatcher.settings.mailbox_access is None:
        return "no mailbox is set: set DISPATCHER_MAILBOX__HOST"
    counts = upkeep.read_answers(dispatcher)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "no mail"


def _receipts(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    del process, at
    return f"{upkeep.read_receipts(dispatcher)} events read"


def _batches(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    del process, at
    if upkeep.print_house(dispatcher) is None:
        return "no print house is set"
    return f"{upkeep.close_batches(dispatcher)} batches closed"


def _seal(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    del process, at
    return f"sealed up to {dispatcher.seal()}"


def _stamp(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    """What fails is told in the summary and tried again by the next fire; no run waits for it."""
    from dispatcher.record.stamp_seals import stamp_newest_seal

    del process, at
    authority = dispatcher.stamp_authority()
    if authority is None:
        return "no authority is set: set DISPATCHER_SEAL__STAMP_URL"
    return stamp_newest_seal(dispatcher.database, authority, now=dispatcher.real_now())


def _changes(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    from dispatcher.portfolio.export_changes import export_changes

    del process
    out: Path = dispatcher.home / "changes" / f"changes-{at:%Y-%m-%d}.csv"
    since = (at - CHANGES_OVERLAP).date()
    counts = export_changes(dispatcher.database, out, since, now=dispatcher.now(), actor="scheduler")
    return f"{out.name}: " + (", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing new")


def _retention(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    from dispatcher.people.take_care import forget_words
    from dispatcher.record.erase_person import Erasure
    from dispatcher.record.remove_exports import old_exports, remove_exports
    from dispatcher.record.retain_records import retain_records
    from dispatcher.rulebook.retention import load_retention

    del process, at
    periods = load_retention(dispatcher.config("retention.yaml"))
    request = Erasure(
        actor="scheduler",
        now=dispatcher.real_now(),
        why="the retention period is over",
        outbox=dispatcher.home / "outbox",
    )
    erased, kept = retain_records(dispatcher.database, periods, request)
    forget_words(dispatcher.database, now=dispatcher.real_now())
    files = old_exports(
        dispatcher.home, now=dispatcher.real_now(), max_age=dispatcher.settings.max_export_age
    )
    return f"{len(erased)} erased, {len(kept)} kept, {remove_exports(files)} old exports removed"


def _access(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    from dispatcher.runs.ask_access_review import ask_access_review

    del process, at
    return ask_access_review(dispatcher.database, now=dispatcher.real_now())


def _drill(dispatcher: Dispatcher, process: DeliveryProcess, at: datetime) -> str:
    from dispatcher.record.drill_restore import drill_restore

    del process, at
    folder = dispatcher.settings.backup_folder
    if folder is None:
        return "no folder of backups is set: set DISPATCHER_BACKUP_FOLDER"
    drilled = drill_restore(
        dispatcher.database,
        dispatcher.keys,
        folder,
        dispatcher.home / "drill",
        now=dispatcher.real_now(),
        actor="scheduler",
    )
    if not drilled.passed:
        raise RestoreDrillError(f"{drilled.file}: {'; '.join(drilled.findings[:3])}")
    return f"{drilled.file}: restored and verified, {drilled.entries} sealed entries"


_Work = Callable[[Dispatcher, DeliveryProcess, datetime], str]
_JOBS: Mapping[str, _Work] = {
    "access": _access,
    "accounts": _accounts,
    "answers": _answers,
    "alert": _alert,
    "batches": _batches,
    "changes": _changes,
    "drill": _drill,
    "import": _import,
    "pass-on": _pass_on,
    "receipts": _receipts,
    "reconcile": _reconcile,
    "retention": _retention,
    "run": _run,
    "seal": _seal,
    "stamp": _stamp,
    "summary": _summary,
    "sweep": _sweep,
    "watch": _watch,
}


def jobs_of(dispatcher: Dispatcher, process: DeliveryProcess) -> Mapping[str, Job]:
    """Job name -> what it does; a job gets its nominal time on its schedule's clock."""
    return {name: partial(work, dispatcher, process) for name, work in _JOBS.items()}


def import_file(dispatcher: Dispatcher, file: Path, mapping: str, day: date) -> str:
    """Import a ledger of a day; raises what the import raises when the file cannot be used."""
    rejects = dispatcher.home / "rejects"
    report = import_portfolio(
        dispatcher.database,
        ImportRequest(
            file=file,
            as_of=day,
            now=dispatcher.real_now(),
            actor="scheduler",
            rejects=rejects / f"{file.stem}.rejects.csv",
            warnings=rejects / f"{file.stem}.warnings.csv",
            mapping=dispatcher.mapping(mapping),
            settings=dispatcher.import_settings,
        ),
        watch=dispatcher.watch_ledger,
    )
    said = f"{report.imported} of {report.rows} rows imported, {report.refused} refused"
    more = {"newly held": report.held, "protections no longer in it, and kept": report.still_protected}
    return ", ".join([said, *(f"{count} {words}" for words, count in more.items() if count)])


TIMEOUT_SECONDS = 15.0


def notice_ports(dispatcher: Dispatcher) -> NoticePorts:
    """The ports of notices, from the settings."""
    from channels.kind import ChannelKind

    settings = dispatcher.settings
    return NoticePorts(
        database=dispatcher.database,
        request=request,
        email=dispatcher.channel(ChannelKind.EMAIL) if settings.notify.email else None,
        email_to=settings.notify.email,
        email_from=settings.channels.email.sender or "dispatcher@localhost",
        webhook_url=settings.notify.webhook_url,
        ping_url=settings.notify.ping_url,
    )


def request(method: str, url: str, body: bytes) -> int:
    """Call a web address once; raises OSError when nobody answers."""
    import urllib3

    headers = {"Content-Type": "application/json"} if body else {}
    try:
        answer = urllib3.request(
            method, url, body=body or None, headers=headers, timeout=TIMEOUT_SECONDS, retries=False
        )
    except urllib3.exceptions.HTTPError as error:
        # The address may hold a secret: its host is enough.
        raise OSError(f"{urllib3.util.parse_url(url).host} did not answer: {type(error).__name__}") from None
    return answer.status
