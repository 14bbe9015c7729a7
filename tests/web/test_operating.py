"""An operator's day: plans looked at, messages decided, tasks finished, stops and resumes."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from channels.event import InboundMessage
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.operations import jobs
from dispatcher.database.tables.planning import runs
from dispatcher.database.tables.portfolio import debtors
from dispatcher.delivery.record_inbound import record_inbound
from dispatcher.delivery.storage import stops
from dispatcher.messages.domain.message import State
from dispatcher.people.domain.optout_words import classify_reply
from dispatcher.people.storage import people_facts
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.runs.run_guards import alone
from dispatcher.web.site.job_runner import JobRunner, Report
from tests.web.house import ALL, Desk, Web
from tests.web.test_templates import finished


def set_state(web: Web, message_id: str, state: State, **columns: Any) -> None:
    with web.house.database.writing() as connection:
        connection.execute(update(messages).where(messages.c.id == message_id).values(state=state, **columns))


def state_of(web: Web, message_id: str) -> str:
    with web.house.database.reading() as connection:
        return str(connection.scalar(select(messages.c.state).where(messages.c.id == message_id)))


def test_a_plan_is_looked_at_without_storing_it(web: Web) -> None:
    desk = web.signed_in("operator")
    location = desk.post("/runs/plan", {"as_of": "2026-11-25"}).headers["location"]
    job = finished(desk, location)
    assert "See the plan" in job

    plan = desk.page(location.replace("/jobs/", "/runs/plan/"))

    assert "Plan for 25 Nov 2026" in plan
    assert "would go" in plan
    assert "second-reminder" in plan
    assert "run 1" in " ".join(plan.split())
    assert "There was no run" not in desk.page("/runs")
    assert 'href="/runs/2"' not in desk.page("/runs")


def planned(desk: Desk, as_of: str) -> str:
    """Plans a day beside the pages; the number of that plan."""
    location = desk.post("/runs/plan", {"as_of": as_of}).headers["location"]
    finished(desk, location)
    return location.rpartition("/")[2]


def test_a_run_is_started_from_its_plan_and_only_once(web: Web) -> None:
    desk = web.signed_in("operator")
    plan = planned(desk, "2026-11-16")
    assert "Start the run for 16 Nov 2026" in desk.page(f"/runs/plan/{plan}")
    assert "Tick that you have looked" in desk.said(desk.post("/runs", {"plan": plan}))

    begun = desk.post("/runs", {"plan": plan, "looked": "yes"}).headers["location"]
    again = desk.post("/runs", {"plan": plan, "looked": "yes"}).headers["location"]

    assert again == begun
    job = finished(desk, begun)
    assert 'href="/runs/2"' in job
    assert "by operator" in desk.page("/runs/2")
    assert 'href="/runs/3"' not in desk.page("/runs")
    ordered = web.signed_in("auditor").page("/log?event=run_ordered")
    assert "user:operator" in ordered


def test_a_run_is_refused_before_its_day_beside_another_and_from_an_old_plan(web: Web) -> None:
    desk = web.signed_in("operator")
    ahead, today = planned(desk, "2026-11-25"), planned(desk, "2026-11-16")
    assert "not come yet" in desk.page(f"/runs/plan/{ahead}")
    assert "has not come yet" in desk.said(desk.post("/runs", {"plan": ahead, "looked": "yes"}))
    with alone(web.house.database, web.house.real_now):
        said = desk.said(desk.post("/runs", {"plan": today, "looked": "yes"}))
    assert "at work already" in said
    with web.house.database.writing() as connection:
        old = web.house.real_now() - timedelta(hours=2)
        connection.execute(update(jobs).where(jobs.c.id == int(today)).values(finished_at=old))
    assert "more than an hour old" in desk.page(f"/runs/plan/{today}")
    assert "an hour old" in desk.said(desk.post("/runs", {"plan": today, "looked": "yes"}))
    everybody = web.signed_in(ALL)
    assert everybody.post("/runs", {"plan": today, "looked": "yes"}).status_code == 404  # somebody else's
    assert 'href="/runs/2"' not in desk.page("/runs")


def test_a_run_that_is_still_planned_renews_itself_and_a_finished_one_does_not(web: Web) -> None:
    desk = web.signed_in("operator")
    assert "data-refresh" not in desk.page("/runs/1")

    with web.house.database.writing() as connection:
        connection.execute(update(runs).values(state="planning"))

    assert 'data-refresh="/runs/1"' in desk.page("/runs/1")


def test_a_run_is_being_released_only_while_something_of_it_moves(
    web: Web, message_of: Callable[..., str]
) -> None:
    desk, one = web.signed_in("operator"), message_of()
    with web.house.database.writing() as connection:
        connection.execute(update(runs).values(state="releasing"))

    said = []
    for state in (State.QUEUED, State.DEFERRED):
        set_state(web, one, state)
        pages = [desk.page(path) for path in ("/", "/runs", "/runs/1")]
        tags = [set(re.findall(r'class="tag tag-\w+">(releasing|waiting)</span>', page)) for page in pages]
        said.append(tags)

    assert said == [[{"releasing"}] * 3, [{"waiting"}] * 3]


def test_a_run_that_waits_whole_goes_by_a_persons_word_alone(
    web: Web, message_of: Callable[..., str]
) -> None:
    desk, message_id = web.signed_in("operator"), message_of()
    assert "waits whole" not in desk.page("/runs/1")
    reason = {"pack": "dispatcher", "rule": "volume", "decision": "hold", "reference": "", "detail": "700"}
    volume = {
        "planned": {"all": 700, "creditor acme": 20},
        "verdict": "held",
        "excesses": [{"group": "all", "planned": 700, "usual": 300}],
    }
    with web.house.database.writing() as connection:
        held = {"state": State.HELD, "reasons": [reason]}
        connection.execute(update(messages).where(messages.c.id == message_id).values(**held))
        connection.execute(update(runs).values(summary={"volume": volume}))

    page = desk.page("/runs/1")
    assert "This run waits whole for your word" in page
    assert "300" in page
    assert "Let this run go" not in web.signed_in("auditor").page("/runs/1")
    assert "Tick that you have looked" in desk.said(desk.post("/runs/1/confirm", {}))
    assert "1 messages may go" in desk.said(desk.post("/runs/1/confirm", {"looked": "yes"}))
    assert state_of(web, message_id) == "queued"
    assert "Nothing of this run waits" in desk.said(desk.post("/runs/1/confirm", {"looked": "yes"}))
    assert "user:operator" in web.signed_in("auditor").page("/log?event=volume_confirmed")


def test_a_process_that_runs_nothing_says_so(web: Web) -> None:
    desk = Web(web.house, run_day=None).signed_in("operator")

    assert "Start the run" not in desk.page(f"/runs/plan/{planned(desk, '2026-11-16')}")
    assert desk.post("/runs", {"plan": "1", "looked": "yes"}).status_code == 422


def test_a_held_message_is_released_or_cancelled_with_a_reason(
    web: Web, message_of: Callable[..., str]
) -> None:
    desk, message_id = web.signed_in("operator"), message_of()
    set_state(web, message_id, State.HELD)
    page = desk.page(f"/messages/{message_id}")
    assert 'value="release"' in page
    assert 'value="sent"' not in page

    assert "Say why" in desk.said(desk.post(f"/messages/{message_id}/decide", {"do": "release"}))
    assert "one message released" in desk.said(
        desk.post(f"/messages/{message_id}/decide", {"do": "release", "why": "looked at it"})
    )

    assert state_of(web, message_id) == "queued"
    assert "looked at it" in desk.page(f"/messages/{message_id}")


def test_a_held_message_is_decided_anew_or_goes_by_another_channel(
    web: Web, message_of: Callable[..., str]
) -> None:
    desk, message_id = web.signed_in("operator"), message_of()
    set_state(web, message_id, State.HELD, sent_at=None)
    assert "expires" in desk.page("/tasks?kind=held")
    assert 'value="replan"' in desk.page(f"/messages/{message_id}")
    fields = {"message": message_id, "kind": "held", "do": "replan", "why": "the address was mended"}
    assert "The next run decides anew" in desk.said(desk.post("/tasks/messages", fields))
    assert state_of(web, message_id) == "cancelled"
    assert "the address was mended" in desk.page(f"/messages/{message_id}")


def test_what_cannot_be_done_to_a_message_is_said(web: Web, message_of: Callable[..., str]) -> None:
    desk, message_id = web.signed_in("operator"), message_of()

    for todo in ("release", "cancel", "hold", "sent"):
        said = desk.said(desk.post(f"/messages/{message_id}/decide", {"do": todo, "why": "because"}))
        assert "accepted" in said
    assert desk.post(f"/messages/{message_id}/decide", {"do": "dance", "why": "because"}).status_code == 400


def test_many_unknown_messages_are_resolved_at_once(web: Web) -> None:
    desk = web.signed_in("operator")
    with web.house.database.reading() as connection:
        ids = list(connection.scalars(select(messages.c.id).where(messages.c.state == "accepted").limit(3)))
    for one in ids:
        set_state(web, one, State.UNKNOWN)
    page = desk.page("/tasks?kind=unknown")
    assert page.count('name="message"') == 3

    assert "on your desk" in desk.said(
        desk.post("/tasks/messages", {"kind": "unknown", "message": ids[:1], "do": "take"})
    )
    assert desk.page("/tasks?kind=unknown&mine=yes").count('name="message"') == 1
    said = desk.said(
        desk.post(
            "/tasks/messages",
            {"kind": "unknown", "message": ids, "do": "sent", "why": "in the provider's list"},
        )
    )

    assert "3 messages were sent" in said
    assert {state_of(web, one) for one in ids} == {"accepted"}
    assert "nothing" not in desk.said(desk.post("/tasks/messages", {"kind": "unknown", "do": "sent"})).lower()


def test_a_reply_is_read_finished_and_the_quiet_ended(web: Web) -> None:
    table = load_optout_words(web.house.config("content") / "optout_words.yaml")
    inbound = InboundMessage(
        provider="twilio",
        event_id="SM9",
        at=web.house.now(),
        sender="+12125550101",
        to="+1",
        text="who are you?",
    )
    record_inbound(
        web.house.database,
        inbound,
        read=lambda text: classify_reply(text, table),
        now=web.house.now(),
        random_bytes=web.house.random_bytes,
    )
    desk = web.signed_in("operator")
    page = desk.page("/tasks?kind=unclear_reply")
    assert "who are you?" in page
    assert "Ana Pérez" in page
    task = page.split('name="task" value="')[1].split('"')[0]

    assert "Say what came of it" in desk.said(
        desk.post("/tasks/finish", {"kind": "unclear_reply", "task": task, "do": "finish"})
    )
    done = desk.post(
        "/tasks/finish",
        {"kind": "unclear_reply", "task": task, "do": "finish", "outcome": "explained", "release": "yes"},
    )

    assert "1 done" in desk.said(done)
    assert "explained" in desk.page("/tasks?kind=unclear_reply&done=yes")
    with web.house.database.reading() as connection:
        ana = connection.scalar(select(debtors.c.id).where(debtors.c.reference == "A-1"))
        assert people_facts.standing_hold(connection, ana, None, "unclear_reply", None) is None


def test_a_channel_is_stopped_and_resumed_with_reasons(web: Web) -> None:
    desk = web.signed_in("operator")

    assert "Say why: whoever" in desk.said(desk.post("/stops", {"what": "channel:sms"}))
    assert "cannot be stopped" in desk.said(desk.post("/stops", {"what": "weather", "why": "rain"}))
    assert "Stopped: channel sms" in desk.said(
        desk.post("/stops", {"what": "channel:sms", "why": "wrong texts"})
    )
    assert "stopped already" in desk.said(desk.post("/stops", {"what": "channel:sms", "why": "again"}))
    with web.house.database.reading() as connection:
        assert [str(row.stop) for row in stops.in_force(connection)] == ["channel sms"]
    assert "Stopped: channel sms." in desk.page("/")
    assert web.visitor().get("/readyz").json()["stops"] == ["channel sms"]

    assert "Resumed" in desk.said(
        desk.post("/stops/resume", {"what": "channel:sms", "why": "texts are right"})
    )

    with web.house.database.reading() as connection:
        assert stops.in_force(connection) == []
    assert "wrong texts" in desk.page("/stops")


def test_an_auditor_verifies_the_whole_log_and_reads_the_result(web: Web) -> None:
    desk = web.signed_in("auditor")
    location = desk.post("/log/verify").headers["location"]

    assert "Everything holds." in finished(desk, location)
    assert "Verification" in desk.page("/jobs")


def test_verification_names_what_was_changed(web: Web) -> None:
    from sqlalchemy import text

    with web.house.database.writing() as connection:
        connection.execute(text("UPDATE contents SET size = size + 1 WHERE id = 1"))
    desk = web.signed_in("auditor")

    page = finished(desk, desk.post("/log/verify").headers["location"])

    assert "the log is not as it was written" in page
    assert "its body" in page


def test_an_auditor_exports_a_bundle_that_verifies(web: Web) -> None:
    from dispatcher.record.verify.verify_file import verify_file

    desk = web.signed_in("auditor")
    answer = desk.post("/log/export", {"form": "zip", "debtor": "acme/A-1"})
    page = finished(desk, answer.headers["location"])
    assert "Download evidence-" in " ".join(page.split())

    file = desk.get(answer.headers["location"] + "/file")

    out = web.house.home / "got.zip"
    out.write_bytes(file.content)
    entries, findings = verify_file(out)
    assert entries > 0
    assert findings == []
    assert "exported" in desk.page("/log?event=exported")


def test_an_export_of_nobody_is_refused(web: Web) -> None:
    desk = web.signed_in("auditor")

    assert desk.post("/log/export", {"form": "zip", "debtor": "acme/nobody"}).status_code == 422
    assert desk.post("/log/export", {"form": "exe"}).status_code == 400
    assert desk.post("/log/export", {"form": "csv", "from": "someday"}).status_code == 422


def test_a_job_ends_when_the_program_is_asked_to_stop(web: Web) -> None:
    runner, begun = JobRunner(web.house), threading.Event()

    def work(report: Report) -> dict[str, int]:
        while True:
            report(1, 2)
            begun.set()

    key = runner.start("run", "operator", {}, work)
    assert begun.wait(10)
    runner.close()

    page = web.signed_in("operator").page(f"/jobs/{key}")
    assert "The program stopped while this ran" in page
    assert "nothing is sent twice" in page


def test_a_job_whose_process_died_says_so(web: Web) -> None:
    from datetime import timedelta

    from dispatcher.runs.storage import jobs

    now = web.house.real_now()
    with web.house.database.writing() as connection:
        key = jobs.add(
            connection,
            kind="export",
            owner="auditor",
            host="here",
            details={},
            now=now - timedelta(minutes=5),
        )

    page = web.signed_in("auditor").page(f"/jobs/{key}")

    assert "start it again" in page
    assert web.signed_in("auditor").get(f"/jobs/{key}/file").status_code == 404
