"""What machines ask: alive, ready, the numbers that Prometheus reads."""

from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select, update

from dispatcher.database.tables.messages import messages
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from tests.web.house import Web, open_home

NAMES = {
    "dispatcher_messages", "dispatcher_decisions", "dispatcher_oldest_due_seconds", "dispatcher_unknown_outcome",
    "dispatcher_window_violations", "dispatcher_send_seconds", "dispatcher_plan_seconds", "dispatcher_messages_now",
    "dispatcher_restore_drill_age_seconds",
}  # fmt: skip


def numbers(web: Web) -> dict[str, float]:
    text = web.visitor().get("/metrics").text
    return {
        sample.name + "".join(f"|{value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_alive_says_so(web: Web) -> None:
    assert web.visitor().get("/healthz").text == "ok\n"


def test_ready_says_what_it_looked_at(web: Web) -> None:
    answer = web.visitor().get("/readyz")

    document = answer.json()
    assert (answer.status_code, document["ready"]) == (200, True)
    assert {name: check["ok"] for name, check in document["checks"].items()} == {
        "database": True,
        "broker": True,
        "rule_packs": True,
    }
    assert document["oldest_due_seconds"] >= 0
    assert (document["stops"], document["breaker"]) == ([], {})


def test_not_ready_without_the_broker_and_no_secret_in_the_reason(open_web: Callable[..., Web]) -> None:
    answer = open_web(broker_url="redis://someone:hidden-password@127.0.0.1:1/0").visitor().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"]["ok"] is False
    assert "hidden" not in answer.text


def test_not_ready_without_the_database(web: Web) -> None:
    web.house.database.close()
    (web.house.home / "dispatcher.db").unlink()
    for extra in ("-wal", "-shm"):
        (web.house.home / f"dispatcher.db{extra}").unlink(missing_ok=True)

    answer = web.visitor().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["ok"] is False
    assert web.visitor().get("/healthz").status_code == 200


def test_a_real_broker_that_answers_is_ready(open_web: Callable[..., Web], redis_url: str) -> None:
    assert open_web(broker_url=redis_url).visitor().get("/readyz").json()["checks"]["broker"] == {
        "ok": True,
        "detail": "answers",
    }


def test_what_counts_never_falls_and_what_stands_is_a_gauge(web: Web) -> None:
    with web.house.database.reading() as connection:
        key = connection.scalar(select(messages.c.id).where(messages.c.state == "accepted"))
    before = numbers(web)
    with web.house.database.writing() as connection:
        connection.execute(update(messages).where(messages.c.id == key).values(state="delivered"))
        entry = LogEntry(
            event="delivered", at=web.house.now(), actor="test", message_id=key, channel="email",
            details={"event_id": "e"},
        )  # fmt: skip
        delivery_log.append(connection, [entry])
    other = open_home(web.house.home)  # as another process: nothing is kept from before
    after = numbers(Web(other))
    other.close()

    came, stands = "dispatcher_messages_total|email", "dispatcher_messages_now|email"
    assert after[f"{came}|accepted"] == before[f"{came}|accepted"]
    assert after[f"{came}|delivered"] == 1 + before.get(f"{came}|delivered", 0)
    assert after[f"{stands}|accepted"] == before[f"{stands}|accepted"] - 1
    assert all(after[name] >= value for name, value in before.items() if name.endswith("_total"))


def test_a_channel_that_pauses_is_said(web: Web) -> None:
    from datetime import timedelta

    from dispatcher.database import leases

    now = web.house.real_now()
    with web.house.database.writing() as connection:
        leases.take(
            connection,
            "paused:email",
            "w",
            until=now + timedelta(minutes=1),
            real_now=now,
            details={"why": "five failures"},
        )

    assert web.visitor().get("/readyz").json()["breaker"]["email"]["why"] == "five failures"
    assert "five failures" in web.signed_in("operator").page("/")


def test_the_numbers_have_the_names_that_dashboards_know(web: Web) -> None:
    families = {family.name for family in text_string_to_metric_families(web.visitor().get("/metrics").text)}

    assert families == NAMES


def test_the_numbers_come_from_the_database_and_survive_a_restart(open_web: Callable[..., Web]) -> None:
    first, second = numbers(open_web()), numbers(open_web())

    steady = [name for name in first if "oldest_due" not in name]
    assert {name: first[name] for name in steady} == {name: second[name] for name in steady}
    assert first["dispatcher_messages_total|email|accepted"] > 0
    assert first["dispatcher_decisions_total|block|ledger/disputed"] == 1
    assert first["dispatcher_window_violations_total"] == 0
    assert first["dispatcher_unknown_outcome"] == 0
    assert first["dispatcher_send_seconds_count"] == first["dispatcher_send_seconds_bucket|+Inf"] > 0
    assert first["dispatcher_plan_seconds_count"] == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_numbers_are_read_on_postgresql_too(
    database_url: str, finished_home: object, tmp_path: object
) -> None:
    from dispatcher.bootstrap import open_dispatcher
    from dispatcher.settings import load_settings
    from dispatcher.worker.daily_run import run_today
    from tests.web.house import AS_OF, NOW, import_sample

    house = open_dispatcher(load_settings(home=tmp_path, database_url=database_url), now=NOW)
    try:
        import_sample(house)
        run_today(house, AS_OF, actor="test")
        found = numbers(Web(house))
        assert found["dispatcher_messages_total|email|accepted"] > 0
        assert found["dispatcher_send_seconds_count"] > 0
    finally:
        house.close()


def test_an_attempt_outside_its_window_would_be_seen(web: Web, message_of: Callable[..., str]) -> None:
    from datetime import timedelta

    with web.house.database.writing() as connection:
        late = web.house.now() - timedelta(hours=5)
        connection.execute(update(messages).where(messages.c.id == message_of()).values(not_after=late))

    assert numbers(web)["dispatcher_window_violations_total"] == 1
