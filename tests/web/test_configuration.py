"""The configuration on the pages: drafted by one, decided by another, in force from a day, read by the next run."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatcher.configuration.domain.kinds import BY_WORD
from dispatcher.configuration.storage import config_versions
from dispatcher.database.tables.planning import runs
from dispatcher.worker.daily_run import run_today
from tests.command import dispatcher as command
from tests.web.house import AS_OF, Web
from tests.web.test_imports import finished

STRATEGY = "/configuration/strategies/consumer"


@pytest.fixture
def pages(open_web: Callable[..., Web]) -> Web:
    """The site of a desk that keeps everything on the pages."""
    return open_web(configuration=dict.fromkeys(BY_WORD, "pages"))


def text_of(web: Web, kind: str = "strategies", name: str = "consumer") -> str:
    path = web.house.config_files(BY_WORD[kind].file_of(name))
    return path.read_text()


def drafted(web: Web, text: str, at: str = STRATEGY) -> str:
    """The address of the version that was saved."""
    desk = web.signed_in("manager")
    form = {"text": text, "comment": "a later second reminder", "do": "new"}
    answer = desk.post(f"{at}/edit", form)
    return str(answer.headers["location"])


def put_in_force(web: Web, version: str, **fields: str) -> str:
    web.signed_in("manager").post(version, {"do": "hand-in", "why": "a later second reminder"})
    desk = web.signed_in("approver")
    return desk.said(desk.post(version, {"do": "approve", **fields}))


def test_a_change_holds_once_another_person_has_decided_it_and_from_its_day(pages: Web) -> None:
    before = pages.house.policy.strategies
    version = drafted(pages, text_of(pages).replace("day: 10,", "day: 12,"))
    assert pages.house.policy.strategies == before
    manager = pages.signed_in("manager")
    assert "day: 12" in manager.page(version)
    assert manager.post(version, {"do": "approve"}).status_code == 403

    tomorrow = AS_OF + timedelta(days=1)
    assert "From that day on it holds" in put_in_force(pages, version, since=tomorrow.isoformat())

    assert days(pages) == [-3, 1, 10, 20, 45]
    now = pages.house.now
    pages.house.now = lambda: now() + timedelta(days=1)
    pages.house.pages_texts.forget()
    run_today(pages.house, tomorrow, actor="test")
    assert days(pages) == [-3, 1, 12, 20, 45]
    with pages.house.database.reading() as connection:
        kept = connection.scalars(select(runs.c.config_digest).order_by(runs.c.id)).all()
    assert kept[-1] == pages.house.policy.config_digest != kept[0]
    log = pages.signed_in("auditor").page("/log?event=config_in_force")
    assert "1" in log
    for word in ("config_imported", "config_submitted", "config_published"):
        assert "user:" in pages.signed_in("auditor").page(f"/log?event={word}")

    approver = pages.signed_in("approver")
    approver.post(version, {"do": "retire", "why": "too late for many"})
    assert days(pages) == [-3, 1, 10, 20, 45]


def test_a_stop_word_is_taken_away_only_by_somebody_who_says_that_they_want_it(pages: Web) -> None:
    at = "/configuration/wording/optout_words"
    fewer = text_of(pages, "wording", "optout_words").replace("          - go away\n", "", 1)
    version = drafted(pages, fewer, at)
    shown = pages.signed_in("manager").page(version)
    assert "Less would be heard" in shown
    assert "go away&#39; stops nothing any more" in shown

    assert "Less of what people write would be heard" in put_in_force(pages, version)
    assert pages.house.read_reply("go away").kind == "stop"

    assert "From that day on it holds" in put_in_force(pages, version, wants_it="yes")
    pages.house.follow_configuration()
    assert pages.house.read_reply("go away").kind == "unclear"
    exported = pages.signed_in("auditor").get("/log?event=config_published&format=json").text
    assert "heard_less" in exported


def days(web: Web) -> list[int]:
    web.house.follow_configuration()
    strategy = web.house.policy.strategy("consumer")
    assert strategy
    return [step.day for step in strategy.steps]


def test_what_is_wrong_is_said_at_its_line_and_keeps_the_draft_from_being_handed_in(pages: Web) -> None:
    text = text_of(pages).replace("day: 10,", "dya: 10,")
    line = 1 + text.splitlines().index(next(one for one in text.splitlines() if "dya" in one))
    where = drafted(pages, text)

    desk = pages.signed_in("manager")
    page = desk.page(where)
    assert f"#line-{line}" in page
    assert "did you mean &#34;day&#34;" in page
    version = f"{STRATEGY}/versions/2"
    assert "cannot be used yet" in desk.said(desk.post(version, {"do": "hand-in", "why": "x"}))
    unknown = text_of(pages).replace("template: second-reminder", "template: nowhere")
    unknown = unknown.replace("template: instalment-missed", "template: no-such")
    said = " ".join(desk.page(drafted(pages, unknown)).split())
    for step, name in (("second-reminder", "nowhere"), ("instalment-missed", "no-such")):
        line = 1 + next(i for i, text in enumerate(unknown.splitlines()) if name in text)
        assert f'#line-{line}">Line {line}</a>: {step}: there is no template {name}' in said


def test_nobody_decides_about_a_change_of_their_own(open_web: Callable[..., Web]) -> None:
    web = open_web(configuration={"strategies": "pages"})
    desk = web.signed_in("everybody")
    at = desk.post(f"{STRATEGY}/edit", {"text": text_of(web) + "# a word\n"}).headers["location"]
    desk.post(at, {"do": "hand-in", "why": "a word"})

    assert "another person must approve it" in desk.said(desk.post(at, {"do": "approve"}))


def test_a_desk_that_keeps_its_files_reads_them_here_and_changes_nothing(web: Web) -> None:
    desk = web.signed_in("manager")
    assert "Kept in files" in desk.page("/configuration")
    assert "The ladder" in desk.page(STRATEGY)
    assert desk.post(f"{STRATEGY}/edit", {"text": "x"}).status_code == 409


def test_the_steps_are_written_as_a_table_and_the_comments_stay(pages: Web) -> None:
    rows = [
        ("0", "due-soon", "-3", "courtesy", "email,sms", "due-soon", "2"),
        ("1", "first-reminder", "2", "collection", "sms,email", "first-reminder", "3"),
        ("", "in-between", "5", "collection", "email", "second-reminder", "4"),
    ]
    names = ("was", "name", "day", "kind", "channels", "template", "wait")
    form = {
        f"{name}-{i}": value for i, row in enumerate(rows) for name, value in zip(names, row, strict=True)
    }
    desk = pages.signed_in("manager")

    at = desk.post(f"{STRATEGY}/ladder", form | {"comment": "one more"}).headers["location"]

    page = desk.page(at)
    assert "in-between" in page
    put_in_force(pages, at)
    assert days(pages) == [-3, 2, 5, 10, 20, 45]
    strategy = pages.house.policy.strategy("consumer")
    assert strategy
    assert strategy.steps[1].channels == ("sms", "email")
    assert strategy.steps[1].next_channel_on_bounce  # what the table does not show stays
    with pages.house.database.reading() as connection:
        (newest, *_) = config_versions.history(connection, "strategies", "consumer")
    assert "# asked of what a message asks for in all" in newest.text


def test_a_sender_is_written_as_a_form(pages: Web) -> None:
    old = pages.house.policy.senders["acme"]
    form = {
        **{
            name: getattr(old, name)
            for name in ("name", "legal_name", "contact_person", "email", "website", "postal_code", "city")
        },
        **{name: getattr(old, name) for name in ("region", "country", "payment_url", "dispute_url", "role")},
        "sender": "acme",
        "phone": "+1 212 555 0199",
        "address_lines": "\n".join(old.address_lines),
        "hours": "\n".join(f"{language}: {hours}" for language, hours in old.contact_hours.items()),
    }
    desk = pages.signed_in("manager")
    at = desk.post("/configuration/senders/senders/sender", form).headers["location"]
    put_in_force(pages, at)

    assert pages.house.policy.senders["acme"].phone == "+1 212 555 0199"
    assert pages.house.policy.senders["acme"].contact_hours == old.contact_hours


def test_a_draft_shows_whom_it_would_treat_otherwise(pages: Web) -> None:
    now = pages.house.now
    pages.house.now = lambda: now() + timedelta(days=9)  # second reminders are due
    version = drafted(pages, text_of(pages).replace("day: 10,", "day: 19,"))
    desk = pages.signed_in("manager")

    job = finished(pages, desk, desk.post(f"{version}/effect").headers["location"])

    assert "Who would be treated otherwise" in job
    assert "would get one less" in job


def test_files_go_in_and_come_out_byte_for_byte(pages: Web, tmp_path: Path) -> None:
    drafted(pages, text_of(pages))
    pages.house.close()
    home = pages.house.home
    env = {f"DISPATCHER_CONFIGURATION__{kind}": "pages" for kind in ("STRATEGIES", "SENDERS")}
    env["DISPATCHER_HOME"] = str(home)
    out = tmp_path / "out"

    done = command("config", "export", "--out", str(out), **env)

    assert done.returncode == 0, done.stderr
    assert (out / "strategies" / "consumer.yaml").read_text() == text_of(pages)
    changed = out / "strategies" / "consumer.yaml"
    changed.write_text(changed.read_text().replace("day: 10,", "day: 11,") + "# said by hand\n")
    rows = json.loads(
        command("config", "import", str(out), "--why", "from the files", "--json", **env).stdout
    )
    assert [row for row in rows if row["version"]] == [
        {"kind": "strategies", "name": "consumer", "version": 3}
    ]
