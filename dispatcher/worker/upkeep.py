"""What keeps the outbox in order between runs: sweeping, expiring, reconciling."""

from dispatcher.bootstrap import Dispatcher
from dispatcher.services.expire_messages import expire_messages
from dispatcher.services.reconcile_messages import Reconciled, reconcile_messages
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
