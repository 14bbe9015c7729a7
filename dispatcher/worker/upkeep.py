"""What keeps the outbox in order between runs: sweeping, expiring, reconciling, visiting the print house."""

from collections import Counter
from contextlib import closing
from datetime import timedelta
from zoneinfo import ZoneInfo

from channels.durable_file import move_aside
from channels.kind import ChannelKind
from channels.letter.receipts import ReceiptsError
from channels.letter.receipts import read_receipts as events_in
from channels.letter.spool_settings import SPOOL
from dispatcher.bootstrap import Dispatcher
from dispatcher.database.holders import is_dead
from dispatcher.delivery.expire_messages import expire_messages
from dispatcher.delivery.reconcile_accounts import AccountReport, Reconciling, reconcile_account
from dispatcher.delivery.reconcile_messages import Reconciled, reconcile_messages
from dispatcher.delivery.record_delivery_events import record_delivery_events
from dispatcher.delivery.record_mail import record_mail
from dispatcher.delivery.settle_killed_calls import remove_marks, settle_killed_calls
from dispatcher.delivery.storage import mailboxes
from dispatcher.delivery.sweep_leases import Swept, sweep_leases
from dispatcher.messages.domain.message import State
from dispatcher.messages.storage import outbox
from dispatcher.portfolio.import_watched import QUIET_SECONDS
from dispatcher.runs.refuse_copy import Home
from dispatcher.settings.media import LetterSettings
from dispatcher.users.storage import users
from dispatcher.worker.daily_run import refuse_wrong_home


class PrintHouseError(ValueError):
    """Something at the print house's folders needs a person; the rest has been done."""


def sweep(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> Swept:
    """Settle what killed workers of this machine have marked, and free what dead workers hold."""
    marks = Home.at(dispatcher.home).marks
    settle_killed_calls(
        dispatcher.database,
        dispatcher.provider,
        marks,
        now=dispatcher.now(),
        real_now=dispatcher.real_now(),
        is_dead=is_dead,
        actor=actor,
    )
    swept = sweep_leases(
        dispatcher.database,
        dispatcher.provider,
        now=dispatcher.now(),
        real_now=dispatcher.real_now(),
        is_dead=is_dead,
        actor=actor,
    )
    remove_marks(dispatcher.database, marks)
    return swept


def expire(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> int:
    """End what is past its validity."""
    return expire_messages(
        dispatcher.database, now=dispatcher.now(), real_now=dispatcher.real_now(), actor=actor
    )


def reconcile(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> Reconciled:
    """Sweep, then find out what became of every unknown end."""
    sweep(dispatcher, actor=actor)
    return reconcile_messages(dispatcher.database, dispatcher.provider, now=dispatcher.now(), actor=actor)


def reconcile_accounts(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> list[AccountReport]:
    """Hold our record against the account of every provider that can be asked; after `reconcile`.

    Raises CopyError or LinkKeyError on a copy: from there nobody may be told anything.
    """
    refuse_wrong_home(dispatcher)
    desk = Reconciling(
        database=dispatcher.database,
        strategies=dispatcher.policy.strategies,
        read=dispatcher.read_reply,
        random_bytes=dispatcher.random_bytes,
        clock=dispatcher.now,
        own=own_addresses(dispatcher),
        actor=actor,
    )
    reports = []
    for kind in ChannelKind:
        for account in dispatcher.accounts(kind):
            with closing(account):
                reports.append(reconcile_account(desk, account))
    return reports


def still_unknown(dispatcher: Dispatcher) -> list[str]:
    """Messages of which nobody could say whether they arrived."""
    with dispatcher.database.reading() as connection:
        return [message.id for message in outbox.in_state(connection, State.UNKNOWN)]


def own_addresses(dispatcher: Dispatcher) -> list[str]:
    """Where trials and notices go: nobody who owes."""
    with dispatcher.database.reading() as connection:
        addresses = [user.email for user in users.list_all(connection)]
    return [address for address in (*addresses, dispatcher.settings.notify.email) if address]


def read_answers(dispatcher: Dispatcher) -> Counter[str]:
    """Read what came into the mailbox since the last time; returns how many were what. Raises MailboxError.

    Each mail is recorded in a transaction of its own, and known again by what it is: a crash between the mail and
    the place up to which the mailbox was read repeats nothing.
    """
    from channels.email.incoming import read_mail
    from channels.email.mailbox import read_mailbox

    counts: Counter[str] = Counter()
    access = dispatcher.settings.mailbox_access
    if access is None:
        return counts
    refuse_wrong_home(dispatcher)
    with dispatcher.database.reading() as connection:
        place = mailboxes.place_of(connection, access.name)
    for mail in read_mailbox(access, place):
        counts[
            record_mail(
                dispatcher.database,
                read_mail(mail.raw, mail.at),
                read=dispatcher.read_reply,
                now=dispatcher.now(),
                random_bytes=dispatcher.random_bytes,
                strategies=dispatcher.policy.strategies,
            )
        ] += 1
        with dispatcher.database.writing() as connection:
            mailboxes.keep_place(connection, access.name, mail.place)
    return counts


def read_receipts(dispatcher: Dispatcher) -> int:
    """Read what the print house put into `spool/receipts/`; files go to `read/` or `unreadable/` there.

    Returns how many events were new. A file that changed within the last minute may still be growing and waits.
    Raises PrintHouseError for files that nobody could read, after the others have been.
    """
    folder = dispatcher.home / "spool" / "receipts"
    now = dispatcher.real_now()
    fresh = 0
    unreadable: list[str] = []
    for file in sorted(folder.glob("*.csv")):
        if now.timestamp() - file.stat().st_mtime < QUIET_SECONDS:
            continue
        try:
            events = list(events_in(file))
        except ReceiptsError as error:
            aside = move_aside(file, folder / "unreadable")
            aside.with_suffix(".why.txt").write_text(f"{error}\n", encoding="utf-8")
            unreadable.append(str(error))
            continue
        counts = record_delivery_events(
            dispatcher.database, events, now=dispatcher.now(), strategies=dispatcher.policy.strategies
        )
        fresh += counts.total() - counts["repeated"]
        move_aside(file, folder / "read")
    if unreadable:
        raise PrintHouseError(f"{fresh} events read; " + "; ".join(unreadable))
    return fresh


def print_house(dispatcher: Dispatcher) -> LetterSettings | None:
    """The settings of the print house, also where it is the second provider; None without one."""
    letter = dispatcher.settings.channels.letter
    return next((each for each in (letter, letter.second) if each and each.provider == SPOOL.name), None)


def close_batches(dispatcher: Dispatcher) -> int:
    """Close the print house's batches that are due; returns how many.

    Raises PrintHouseError while a piece lies aside that is no longer what was handed over.
    """
    from channels.letter.batch import close_due_batches, next_cut_off
    from channels.letter.spool import SpoolFolder

    letter = print_house(dispatcher)
    if letter is None:
        return 0
    now, root = dispatcher.now(), dispatcher.home / "spool"
    closed = close_due_batches(
        root,
        now=now,
        max_pieces=letter.batch_pieces,
        max_age=timedelta(minutes=letter.batch_minutes),
        cut_off=next_cut_off(now, letter.cut_off, ZoneInfo(letter.cut_off_zone)),
    )
    if spoiled := sorted(card.stem for card in SpoolFolder(root).spoiled.glob("*.json")):
        raise PrintHouseError(
            f"{len(closed)} batches closed; in {root / 'spoiled'} lie pieces whose PDF is not the one that was handed "
            f"over, and which nobody prints: {', '.join(spoiled)}"
        )
    return len(closed)


def visit_print_house(dispatcher: Dispatcher) -> list[str]:
    """What schedules do for letters in the spool, for a desk that has no scheduler; returns what needs a person."""
    if print_house(dispatcher) is None:
        return []
    needs = []
    for work in (read_receipts, close_batches):
        try:
            work(dispatcher)
        except PrintHouseError as error:
            needs.append(str(error))
    return needs
