"""For machines that watch: alive, ready, and the numbers that Prometheus reads."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, PlainTextResponse, Response

from dispatcher.bootstrap import Dispatcher
from dispatcher.database import migrate
from dispatcher.delivery.channel_trouble import paused_channels
from dispatcher.delivery.storage import due, stops
from dispatcher.record.storage import drill_counts
from dispatcher.runs.storage import meters
from dispatcher.web.operators.today import signs_of
from dispatcher.web.site.visit import Page, Visit

_BROKER_SECONDS = 2.0
_COSTLY_EVERY = 300.0  # seconds: these read every attempt there is
_LATE_EVERY = 60.0  # these count the log's index
_CHEAP_EVERY = 10.0


def healthz(visit: Visit) -> Response:
    """The process answers."""
    del visit
    return PlainTextResponse("ok\n")


def readyz(visit: Visit) -> Response:
    """Whether work can be done here: 503 with the reason where not; stops and pauses are said, not failures."""
    house = visit.program
    checks = {"database": _tried(lambda: _database(house)), "broker": _tried(lambda: _broker(house))}
    checks["rule_packs"] = _tried(lambda: f"{len(list(house.policy.rulebook))} loaded")
    ready = all(check["ok"] for check in checks.values())
    document: dict[str, Any] = {"ready": ready, "checks": checks}
    if checks["database"]["ok"]:
        document |= _state(visit)
    return JSONResponse(document, status_code=200 if ready else 503)


def metrics(visit: Visit) -> Response:
    """The numbers, in Prometheus' text form."""
    registry = CollectorRegistry()
    registry.register(_Numbers(visit.program))
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")


def _tried(check: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"ok": True, "detail": check()}
    except Exception as error:  # noqa: BLE001  a probe reports whatever it meets
        # Only the kind of fault: its text may hold addresses and names.
        return {"ok": False, "detail": type(error).__name__}


def _database(house: Dispatcher) -> str:
    has, wants = migrate.current(house.database)
    if has != wants:
        raise RuntimeError(f"revision {has}, expected {wants}")
    return f"revision {has}"


def _broker(house: Dispatcher) -> str:
    url = house.settings.broker_url
    if url.startswith("memory:"):
        return "in memory"
    import redis

    with redis.Redis.from_url(
        url, socket_timeout=_BROKER_SECONDS, socket_connect_timeout=_BROKER_SECONDS
    ) as client:
        client.ping()
    return "answers"


def _moving(visit: Visit) -> dict[str, Any]:
    """What should be moving: a site that only shows pages is ready, and lets what is lawful expire all the same."""
    signs = signs_of(visit)
    following = signs.next_schedule
    return {
        "ok": not signs.stands_still,
        "why": signs.stands_still,
        "due": signs.due,
        "delivers": sorted(one.part for one in signs.living if one.delivers),
        "hands_out": sorted(one.part for one in signs.living if one.hands_out),
        "last_attempt": signs.last_attempt.isoformat() if signs.last_attempt else None,
        "next_schedule": {"name": following[0], "at": following[1].isoformat()} if following else None,
    }


def _state(visit: Visit) -> dict[str, Any]:
    house = visit.program
    with house.database.reading() as connection:
        in_force = stops.in_force(connection)
        paused = paused_channels(connection, house.real_now())
    return {
        "oldest_due_seconds": round(_oldest_due(house)),
        "moving": _moving(visit),
        "stops": [str(row.stop) for row in in_force],
        "breaker": {
            name: {"until": pause.until.isoformat(), "why": pause.why} for name, pause in paused.items()
        },
    }


def _oldest_due(house: Dispatcher) -> float:
    now = house.now()
    with house.database.reading() as connection:
        since = due.oldest_due(connection, now=now, real_now=house.real_now())
    return max(0.0, (now - since).total_seconds()) if since else 0.0


class _Kept:
    """A value that is computed anew only after a while; one scrape at a time computes it."""

    def __init__(self, seconds: float, compute: Callable[[Dispatcher], Any]) -> None:
        self._seconds, self._compute = seconds, compute
        self._lock = threading.Lock()
        self._kept: dict[int, tuple[float, Any]] = {}

    def of(self, house: Dispatcher) -> Any:
        """The value, at most so many seconds old."""
        with self._lock:
            at, value = self._kept.get(id(house.database), (float("-inf"), None))
            if time.monotonic() - at > self._seconds:
                value = self._compute(house)
                self._kept = {id(house.database): (time.monotonic(), value)}
            return value


def _read(read: Callable[[Any], Any]) -> Callable[[Dispatcher], Any]:
    def compute(house: Dispatcher) -> Any:
        with house.database.reading() as connection:
            return read(connection)

    return compute


_MESSAGES = _Kept(_CHEAP_EVERY, _read(meters.messages_by_state))
_CAME_TO = _Kept(_LATE_EVERY, _read(meters.came_to))
_DRILL = _Kept(_LATE_EVERY, _read(drill_counts.newest_drill))
_DECISIONS = _Kept(_CHEAP_EVERY, _read(meters.decisions))
_UNKNOWN = _Kept(_CHEAP_EVERY, _read(meters.unknown_outcomes))
_PLANNING = _Kept(_CHEAP_EVERY, _read(meters.plan_seconds))
_VIOLATIONS = _Kept(_COSTLY_EVERY, _read(meters.window_violations))
_SENDING = _Kept(_COSTLY_EVERY, _read(meters.send_seconds))


class _Numbers(Collector):
    def __init__(self, house: Dispatcher) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        """Every family, in the names that dashboards know."""
        house = self._house
        came = CounterMetricFamily(
            "dispatcher_messages", "How often a message came to a state.", labels=["channel", "state"]
        )
        for (channel, state), count in sorted(_CAME_TO.of(house).items()):
            came.add_metric([channel, state], count)
        yield came
        stand = GaugeMetricFamily(
            "dispatcher_messages_now", "Messages by the state they stand in.", labels=["channel", "state"]
        )
        for (channel, state), count in sorted(_MESSAGES.of(house).items()):
            stand.add_metric([channel, state], count)
        yield stand
        told = CounterMetricFamily(
            "dispatcher_decisions", "Decisions of the plans by rule.", labels=["decision", "rule"]
        )
        for (decision, rule), count in sorted(_DECISIONS.of(house).items()):
            told.add_metric([decision, rule], count)
        yield told
        yield GaugeMetricFamily(
            "dispatcher_oldest_due_seconds", "Age of the oldest due message.", value=_oldest_due(house)
        )
        yield GaugeMetricFamily(
            "dispatcher_unknown_outcome", "Messages whose end is unknown.", value=_UNKNOWN.of(house)
        )
        yield CounterMetricFamily(
            "dispatcher_window_violations",
            "Attempts outside their legal window; stays 0.",
            value=_VIOLATIONS.of(house),
        )
        drilled = GaugeMetricFamily(
            "dispatcher_restore_drill_age_seconds",
            "Since the newest practice of a restore, by whether it passed; nothing where nobody practised.",
            labels=["passed"],
        )
        drill = _DRILL.of(house)
        if drill is not None:
            age = house.real_now() - datetime.fromisoformat(drill["at"])
            drilled.add_metric(["yes" if drill["details"]["passed"] else "no"], age.total_seconds())
        yield drilled
        yield _histogram(_SENDING.of(house))
        count, seconds = _PLANNING.of(house)
        yield SummaryMetricFamily(
            "dispatcher_plan_seconds", "Time of planning a day.", count_value=count, sum_value=seconds
        )


def _histogram(found: meters.Durations) -> HistogramMetricFamily:
    buckets = [(str(bound), float(count)) for bound, count in zip(meters.BUCKETS, found.up_to, strict=True)]
    return HistogramMetricFamily(
        "dispatcher_send_seconds",
        "Time until a provider answered.",
        buckets=[*buckets, ("+Inf", float(found.count))],
        sum_value=found.seconds,
    )


PAGES = (
    Page("GET", "/healthz", healthz),
    Page("GET", "/readyz", readyz),
    Page("GET", "/metrics", metrics),
)
