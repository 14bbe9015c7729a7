"""What keeps the outbox in order between runs: sweeping, expiring, reconciling, reading receipts."""

from pathlib import Path

from channels.letter.receipts import ReceiptsError
from channels.letter.receipts import read_receipts as events_in
from dispatcher.bootstrap import Dispatcher
from dispatcher.services.expire_messages import expire_messages
from dispatcher.services.reconcile_messages import Reconciled, reconcile_messages
from dispatcher.services.record_delivery_events import record_delivery_events
from dispatcher.services.sweep_leases import Swept, sweep_leases
from dispatcher.storage.holders import is_dead


def sweep(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> Swept:
    """Free what dead workers hold."""
    return sweep_leases(
        dispatcher.database,
        dispatcher.channel,
        now=dispatcher.now(),
        real_now=dispatcher.real_now(),
        is_dead=is_dead,
        actor=actor,
    )


def expire(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> int:
    """End what is past its validity."""
    return expire_messages(
        dispatcher.database, now=dispatcher.now(), real_now=dispatcher.real_now(), actor=actor
    )


def reconcile(dispatcher: Dispatcher, *, actor: str = "dispatcher") -> Reconciled:
    """Sweep, then find out what became of every unknown end."""
    sweep(dispatcher, actor=actor)
    return reconcile_messages(dispatcher.database, dispatcher.channel, now=dispatcher.now(), actor=actor)


def read_receipts(dispatcher: Dispatcher) -> int:
    """Read what the print house put into `spool/receipts/`; files go to `read/` or `unreadable/` there.

    Returns how many events were new.
    """
    folder = dispatcher.home / "spool" / "receipts"
    fresh = 0
    for file in sorted(folder.glob("*.csv")):
        try:
            events = list(events_in(file))
        except (ReceiptsError, UnicodeDecodeError) as error:
            _put_away(file, "unreadable")
            (folder / "unreadable" / f"{file.name}.why.txt").write_text(f"{error}\n", encoding="utf-8")
            continue
        counts = record_delivery_events(
            dispatcher.database, events, now=dispatcher.now(), strategies=dispatcher.desk.strategies
        )
        fresh += counts.total() - counts["repeated"]
        _put_away(file, "read")
    return fresh


def _put_away(file: Path, name: str) -> None:
    (file.parent / name).mkdir(exist_ok=True)
    file.replace(file.parent / name / file.name)
