"""Threads of their own for debtors, webhooks, the kill switch, passwords and the desk: none waits behind another."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import anyio
from anyio import CapacityLimiter

T = TypeVar("T")


class BusyError(Exception):
    """So many wait for this pool already that waiting longer helps nobody."""


@dataclass(frozen=True, slots=True)
class _Size:
    threads: int
    most_waiting: int
    patience: float | None = None  # seconds that anybody waits for a thread; None: as long as it takes


# Together no more than the database has connections for one process.
_SIZES: Final = {
    "debtors": _Size(4, 2_000),
    "webhooks": _Size(4, 2_000),
    "stops": _Size(1, 100),
    # A hash takes 64 MB and a tenth of a second; where it takes long, as many as may wait would wait for minutes.
    "passwords": _Size(2, 100, patience=5.0),
    "provider": _Size(2, 50),  # of sign-ins: it may answer slowly
    "probes": _Size(1, 50),
    "desk": _Size(6, 500),
}
_PREFIXES: Final = (
    ("/u/", "debtors"),
    ("/webhooks/", "webhooks"),
    ("/stops", "stops"),
    ("/api/v1/stops", "stops"),
    ("/sign-in/provider", "provider"),
    ("/sign-in", "passwords"),
    ("/account/password", "passwords"),
    ("/account/second-factor", "passwords"),
    ("/healthz", "probes"),
    ("/readyz", "probes"),
    ("/metrics", "probes"),
)


def pool_of(method: str, path: str) -> str:
    """The pool that serves an address, by its pattern."""
    name = next((name for prefix, name in _PREFIXES if path.startswith(prefix)), "desk")
    return "desk" if method != "POST" and name in {"stops", "passwords"} else name


@dataclass(slots=True)
class Pools:
    """The pools of one process; made when the first request comes, inside the event loop."""

    _limiters: dict[str, CapacityLimiter] = field(default_factory=dict)

    async def run(self, name: str, call: Callable[..., T], *arguments: object) -> T:
        """Call it in a thread of a pool; raises BusyError when too many wait there, or it has waited too long."""
        limiter, size = self._limiters.get(name), _SIZES[name]
        if limiter is None:
            limiter = self._limiters[name] = CapacityLimiter(size.threads)
        if limiter.statistics().tasks_waiting >= size.most_waiting:
            raise BusyError
        caller = object()
        try:
            with anyio.fail_after(size.patience):
                await limiter.acquire_on_behalf_of(caller)
        except TimeoutError:
            raise BusyError from None
        try:
            return await anyio.to_thread.run_sync(call, *arguments, limiter=CapacityLimiter(1))
        finally:
            limiter.release_on_behalf_of(caller)
