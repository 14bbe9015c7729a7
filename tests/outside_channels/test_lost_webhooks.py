"""A day on which no webhook came: in the evening the providers' accounts are asked, and all is as if they had come."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import opt_outs
from dispatcher.database.tables.portfolio import contact_points, debtors
from dispatcher.delivery.reconcile_accounts import AccountReport
from dispatcher.worker.upkeep import reconcile, reconcile_accounts
from tests.doubles.http_server import Double, listening
from tests.doubles.lob import LobDouble
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.twilio import TwilioDouble
from tests.doubles.webhooks import Hook, Kept
from tests.outside_channels.home import API_KEY, LOB_KEY, LOB_SECRET, NUMBER, TOKEN, Home, new_home
from tests.outside_channels.hooks import PUBLIC, Hooks

ACCOUNT = "AC" + "5" * 32
LOST, DEAD, STOPPED, QUIET = "+12125550100", "+12125550101", "+12125550102", "+12125550103"


def email(name: str) -> str:
    return (
        f"acme,{name},Ellen Mail,person,en,US,US-NY,10001,New York,,{name}@debtors.example,,,,D-{name},USD,"
        "120.00,120.00,2026-11-10,2026-10-01"
    )


def sms(number: str) -> str:
    return (
        f"acme,S{number[1:]},Sam Phone,person,en,US,US-NY,10001,New York,,,{number},mobile,2026-01-05,D{number[1:]},"
        "USD,44.00,44.00,2026-11-10,2026-10-01"
    )


def letter(number: int) -> str:
    return (
        f"acme,L{number},Lena Letter,person,en,US,US-NY,10001,New York,{number} Sample Lane,,,,,DL{number},USD,"
        "33.00,33.00,2026-11-10,2026-10-01"
    )


MAILS = ("fine", "bounce", "block", "spam", "unsub")
ROWS = (
    *(email(name) for name in MAILS),
    *(sms(number) for number in (DEAD, STOPPED, QUIET, "+12125550104")),
    *(letter(number) for number in (1, 2)),
)


@dataclass(frozen=True, kw_only=True)
class World:
    """A desk and its providers; `came` are the webhooks, posted or lost."""

    home: Home
    sendgrid: SendGridDouble
    twilio: TwilioDouble
    lob: LobDouble
    came: Kept

    def post(self) -> None:
        client = Hooks(self.home).client
        for hook in self.came.hooks:
            target = hook.path or _target(hook)
            answer = client.post(target, content=hook.body, headers=dict(hook.headers))
            assert answer.status_code in {200, 204}, answer.text

    def evening(self) -> dict[str, AccountReport]:
        self.home.now.forward(hours=8)
        reconcile(self.home.house)
        return {one.provider: one for one in reconcile_accounts(self.home.house)}

    def what_is_known(self) -> dict[str, Any]:
        """States, stops and closed addresses, by what is the same in every home."""
        names = {row.id: row.reference for row in self.home.rows(debtors)}
        return {
            "states": {
                (names[row.recipient_id], row.channel): row.state
                for row in self.home.rows(messages)
                if row.kind != "optout_confirmation"  # that one has to come within minutes, or not at all
            },
            "stops": {
                (names.get(row.debtor_id), row.address, row.medium, row.source)
                for row in self.home.rows(opt_outs)
                if row.revoked_at is None
            },
            "closed": {
                (names[row.debtor_id], row.medium)
                for row in self.home.rows(contact_points)
                if row.closed_at is not None
            },
            "tasks": sorted(self.home.open_tasks()),
        }


def _target(hook: Hook) -> str:
    parts = urlsplit(hook.url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@contextmanager
def a_day(folder: Path, *, activity: bool = True) -> Iterator[World]:
    """Everything is sent; one e-mail's answer is lost; somebody writes STOP, somebody else a question."""
    came = Kept()
    doubles: dict[str, Double] = {
        "sendgrid": SendGridDouble(came, "seed"),
        "twilio": TwilioDouble(came, TOKEN),
        "lob": LobDouble(came, LOB_SECRET),
    }
    with ExitStack() as stack:
        urls = {name: stack.enter_context(listening(double)) for name, double in doubles.items()}
        channels = {
            "email": {
                "provider": "sendgrid",
                "base_url": urls["sendgrid"],
                "api_key": API_KEY,
                "webhook_key": doubles["sendgrid"].public_key,
            },
            "sms": {
                "provider": "twilio",
                "base_url": urls["twilio"],
                "account_sid": ACCOUNT,
                "auth_token": TOKEN,
                "from": NUMBER,
            },
            "letter": {
                "provider": "lob",
                "base_url": urls["lob"],
                "api_key": LOB_KEY,
                "webhook_secret": LOB_SECRET,
            },
        }
        home = new_home(folder, channels, [email("lost")], public_url=PUBLIC)
        stack.callback(home.close)
        world = World(home=home, came=came, **doubles)
        for double in doubles.values():
            double.now = lambda: home.now().timestamp()
        world.sendgrid.books.has_activity = activity
        world.twilio.fates |= {DEAD: ("undelivered", 30005), STOPPED: ("failed", 21610)}
        world.lob.fates["2 SAMPLE LANE"] = world.lob.fates["2 Sample Lane"] = "Returned to Sender"
        world.sendgrid.faults.script.append("lost")
        assert home.run() == {"unknown": 1}
        home.take_in(*ROWS)
        home.run()
        home.now.forward(minutes=10)
        text = (QUIET, "STOP"), ("+12125550104", "which debt is that?")
        for number, words in text:
            hook = world.twilio.inbound(f"{PUBLIC}/webhooks/twilio/inbound", number, NUMBER, words)
            came.hooks.append(hook)
        yield world


def test_after_a_day_without_webhooks_the_evening_leaves_all_as_if_they_had_come(tmp_path: Path) -> None:
    with a_day(tmp_path / "told") as told, a_day(tmp_path / "lost") as lost:
        told.post()
        expected = told.what_is_known()
        assert set(expected["states"].values()) == {"delivered", "bounced", "returned", "failed"}
        assert expected != lost.what_is_known()
        reports = lost.evening()
        assert [gap for one in reports.values() for gap in one.gaps] == []
        assert lost.what_is_known() == expected
        # Where the webhooks had come there was nothing left to learn.
        assert {name: dict(one.learned) for name, one in told.evening().items()} == {
            "sendgrid": {},
            "twilio": {},
            "lob": {},
        }
        assert told.what_is_known() == expected


def test_what_came_late_after_all_changes_nothing(tmp_path: Path) -> None:
    with a_day(tmp_path / "lost") as lost:
        lost.evening()
        settled = lost.what_is_known()
        lost.home.now.forward(minutes=-480)  # a provider signs with the time at which it posts
        lost.post()
        assert lost.what_is_known() == settled


def test_without_email_activity_all_but_the_delivered_and_the_doubtful_is_learned_from_the_lists(
    tmp_path: Path,
) -> None:
    with a_day(tmp_path / "told") as told, a_day(tmp_path / "lost", activity=False) as lost:
        told.post()
        expected = told.what_is_known()
        reports = lost.evening()
        assert [gap.is_fault for gap in reports["sendgrid"].gaps] == [False]
        known = lost.what_is_known()
        for what in ("stops", "closed"):
            assert known[what] == expected[what]
        others = {("fine", "email"): "accepted", ("unsub", "email"): "accepted", ("lost", "email"): "unknown"}
        assert known["states"] == expected["states"] | others
        assert known["tasks"] == sorted([*expected["tasks"], "unknown_end"])


def test_the_day_after_nobody_is_written_to_whom_a_lost_webhook_had_closed(tmp_path: Path) -> None:
    with a_day(tmp_path / "lost") as lost:
        lost.evening()
        assert lost.twilio.consents == {QUIET: "opt-out"}  # the other refusals Twilio knows of itself
        assert [row["email"] for row in lost.sendgrid.books.lists["unsubscribes"]] == [
            "unsub@debtors.example"
        ]
        for double in (lost.sendgrid, lost.twilio):
            double.received.clear()
        lost.home.now.forward(hours=12)
        lost.home.run(on=lost.home.now().date() + timedelta(days=60))
        new = " ".join(str(one["body"]) for one in [*lost.sendgrid.received, *lost.twilio.received])
        assert "fine@" in new
        gone = ("bounce@", "spam@", "unsub@", DEAD, STOPPED, QUIET)
        assert not [address for address in gone if address in new]


@pytest.mark.parametrize("provider", ["sendgrid", "twilio", "lob"])
def test_an_account_that_does_not_answer_is_told_and_made_up_for_the_next_evening(
    tmp_path: Path, provider: str
) -> None:
    with a_day(tmp_path / "told") as told, a_day(tmp_path / "lost") as lost:
        told.post()
        getattr(lost, provider).asked.script.extend(["401"] * 20)
        assert any(gap.is_fault for gap in lost.evening()[provider].gaps)
        assert lost.what_is_known() != told.what_is_known()
        getattr(lost, provider).asked.script.clear()
        assert not lost.evening()[provider].gaps
        assert lost.what_is_known() == told.what_is_known()
