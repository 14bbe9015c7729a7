"""A day on which a provider is down from ten to two: what went where, when, and each once."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.kind import ChannelKind
from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.planning import ladder
from dispatcher.database.tables.portfolio import debtors
from dispatcher.settings import SettingsError, load_settings
from dispatcher.worker.daily_run import open_delivery_process
from dispatcher.worker.jobs import jobs_of
from tests.doubles.http_server import Faults, listening
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.twilio import TwilioDouble
from tests.doubles.webhooks import Kept
from tests.outside_channels.home import API_KEY, NUMBER, TOKEN, Home, new_home
from tests.outside_channels.mock_relay import PASSWORD, USER, MockRelay
from tests.shared import ROOT

NEW_YORK = ZoneInfo("America/New_York")
NINE = datetime(2026, 11, 16, 9, tzinfo=NEW_YORK)
DOWN, UP = NINE + timedelta(hours=1), NINE + timedelta(hours=5)
STEP = timedelta(minutes=30)
EACH = 6  # new debtors an hour
HOURS = 6
EVENING = NINE + timedelta(hours=8)


class Outage(Faults):
    """Down from ten to two. `lost`: the first message that comes then is taken, and the answer lost."""

    def __init__(self, home: Home, *, lost: bool) -> None:
        super().__init__()
        self._home = home
        self._lost = lost

    def next(self) -> str:
        if not DOWN <= self._home.now() < UP:
            return "ok"
        if self._lost:
            self._lost = False
            return "lost"
        return "503"


def debtor(hour: int, number: int) -> str:
    """Every second one has a mobile number besides."""
    name = f"h{hour}n{number}"
    phone = f"+1212555{hour:02}{number:02},mobile,2026-01-05" if number % 2 else ",,"
    return (
        f"acme,{name},Ellen Mail,person,en,US,US-NY,10001,New York,,{name}@debtors.example,{phone},D-{name},USD,"
        "120.00,120.00,2026-11-10,2026-10-01"
    )


@dataclass(kw_only=True)
class Day:
    """The desk, its providers, and who got what when, by the provider that took it."""

    home: Home
    sendgrid: SendGridDouble
    twilio: TwilioDouble
    relay: MockRelay
    went: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)

    def play(self) -> None:
        at = NINE
        while at < EVENING:
            if at.minute == 0 and at < NINE + timedelta(hours=HOURS):
                self.home.take_in(*(debtor(at.hour, number) for number in range(EACH)))
                self.home.run()
            else:
                self.work()
            self._note()
            for clock in (self.home.now, self.home.real):
                clock.forward(minutes=30)
            at += STEP

    def work(self) -> None:
        """What a scheduler does in half an hour."""
        with open_delivery_process(self.home.house, actor="test") as process:
            jobs_of(self.home.house, process)["pass-on"](self.home.now())
        self.home.dispatch()

    def _note(self) -> None:
        taken = [
            *(("sendgrid", mail.to) for mail in self.sendgrid.books.mails),
            *(("smtp", mail.to) for mail in self.relay.taken),
            *(("twilio", str(one["body"]["To"])) for one in self.twilio.received),
        ]
        known = Counter((provider, name) for name, each in self.went.items() for provider, _ in each)
        for (provider, to), count in Counter(taken).items():
            name = self._name(to)
            new = count - known[provider, name]
            self.went.setdefault(name, []).extend([(provider, self.home.now())] * new)

    @staticmethod
    def _name(to: str) -> str:
        return to.partition("@")[0] if "@" in to else f"h{int(to[8:10])}n{int(to[10:])}"

    def by(
        self, provider: str, since: datetime = NINE, until: datetime = NINE + timedelta(days=1)
    ) -> set[str]:
        return {
            name
            for name, each in self.went.items()
            if any(one == provider and since <= at < until for one, at in each)
        }


@contextmanager
def a_day(
    folder: Path, *, lost: bool = False, second: bool = False, wait: float | None = None
) -> Iterator[Day]:
    sendgrid, twilio, relay = SendGridDouble(Kept(), "seed"), TwilioDouble(Kept(), TOKEN), MockRelay()
    with listening(sendgrid) as mail_url, listening(twilio) as sms_url, relay.listening():
        email: dict[str, Any] = {"provider": "sendgrid", "base_url": mail_url, "api_key": API_KEY}
        if second:
            other = {"provider": "smtp", "host": "127.0.0.1", "port": relay.port, "tls": "none"}
            email |= {"second": {**other, "username": USER, "password": PASSWORD}, "second_after": 20}
        sms = {"provider": "twilio", "base_url": sms_url, "account_sid": "AC" + "5" * 32, "auth_token": TOKEN}
        channels = {"email": email, "sms": {**sms, "from": NUMBER}}
        more = {"config_dir": config_with(folder, wait)} if wait is not None else {}
        home = new_home(folder / "home", channels, [], **more)
        home.now.at = home.real.at = NINE.astimezone(UTC)
        sendgrid.now = twilio.now = lambda: home.now().timestamp()
        sendgrid.faults = Outage(home, lost=lost)
        try:
            yield Day(home=home, sendgrid=sendgrid, twilio=twilio, relay=relay)
        finally:
            home.close()


def config_with(folder: Path, wait: float) -> Path:
    """Our configuration, with a step that leaves a paused channel after so many hours."""
    config = folder / "config"
    shutil.copytree(ROOT / "config", config)
    strategy = config / "strategies" / "consumer.yaml"
    text = strategy.read_text(encoding="utf-8")
    step = "template: first-reminder, valid_days: 3"
    assert step in text
    strategy.write_text(
        text.replace(step, f"{step}, next_channel_on_pause: {{wait: {wait}}}"), encoding="utf-8"
    )
    return config


def everybody() -> set[str]:
    return {f"h{hour}n{number}" for hour in range(9, 9 + HOURS) for number in range(EACH)}


def of_hours(*hours: int) -> set[str]:
    return {f"h{hour}n{number}" for hour in hours for number in range(EACH)}


def once_each(day: Day) -> None:
    """Nobody got it twice, by whomever, and the ladder counts it once."""
    assert {name: len(each) for name, each in day.went.items() if len(each) != 1} == {}
    names = {row.id: row.reference for row in day.home.rows(debtors)}
    counted = Counter(names[row.recipient_id] for row in day.home.rows(ladder))
    assert set(counted.values()) <= {1}
    accepted = Counter(
        names[message.recipient_id]
        for message in day.home.rows(messages)
        for attempt in day.home.rows(attempts, message_id=message.id)
        if attempt.outcome == "accepted"
    )
    assert set(accepted.values()) == {1}


def test_with_one_provider_everybody_waits_and_is_written_to_once_when_it_is_back(tmp_path: Path) -> None:
    with a_day(tmp_path) as day:
        day.play()
        assert day.by("sendgrid", until=DOWN) == of_hours(9)
        assert day.by("sendgrid", DOWN, UP) == set()
        assert day.by("sendgrid", UP) == everybody() - of_hours(9)
        assert day.by("twilio") == day.by("smtp") == set()
        once_each(day)


def test_a_second_provider_takes_over_and_hands_back_and_nobody_is_written_to_twice(tmp_path: Path) -> None:
    with a_day(tmp_path, second=True) as day:
        day.play()
        assert day.by("sendgrid", until=DOWN) == of_hours(9)
        assert day.by("sendgrid", DOWN, UP) == set()
        assert of_hours(11, 12, 13) <= day.by("smtp", DOWN, UP)
        assert day.by("smtp", UP + STEP) == set()
        assert of_hours(14) <= day.by("sendgrid", UP)
        assert set(day.went) == everybody()
        first = min(at for each in day.went.values() for provider, at in each if provider == "smtp")
        assert first - DOWN >= timedelta(minutes=20)  # not before the first has failed for as long as is set
        once_each(day)


def test_what_one_provider_may_have_taken_the_other_never_gets(tmp_path: Path) -> None:
    with a_day(tmp_path, second=True, lost=True) as day:
        day.play()
        (doubtful,) = day.home.rows(messages, state="unknown")
        names = {row.id: row.reference for row in day.home.rows(debtors)}
        name = names[doubtful.recipient_id]
        assert [provider for provider, _ in day.went[name]] == ["sendgrid"]
        assert [row.provider for row in day.home.rows(attempts, message_id=doubtful.id)][-1] == "sendgrid"
        assert {each: len(how) for each, how in day.went.items() if len(how) != 1} == {}
        assert set(day.went) == everybody()


def test_a_step_goes_on_to_its_next_channel_after_its_wait_where_that_would_take_it(tmp_path: Path) -> None:
    with a_day(tmp_path, wait=2, lost=True) as day:
        day.play()
        with_phone = {name for name in everybody() if int(name[-1]) % 2}
        moved = day.by("twilio")
        assert moved
        assert moved <= with_phone & of_hours(
            10, 11, 12, 13, 14
        )  # at two o'clock nobody knows yet that it is back
        early = min(at for each in day.went.values() for provider, at in each if provider == "twilio")
        assert timedelta(hours=2) <= early - DOWN < timedelta(hours=3)
        (doubtful,) = day.home.rows(messages, state="unknown")
        names = {row.id: row.reference for row in day.home.rows(debtors)}
        assert names[doubtful.recipient_id] not in moved
        waited = of_hours(10, 11, 12, 13) - with_phone - {names[doubtful.recipient_id]}
        assert waited <= day.by("sendgrid", UP)
        assert set(day.went) == everybody()
        assert {each: len(how) for each, how in day.went.items() if len(how) != 1} == {}
        passed_on = [row for row in day.home.rows(messages, state="cancelled") if row.channel == "email"]
        planned_before = with_phone & of_hours(10, 11) - {names[doubtful.recipient_id]}
        assert {names[row.recipient_id] for row in passed_on} == planned_before
        assert {row.reasons[0]["rule"] for row in passed_on} == {"channel-paused"}


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"provider": "sendgrid", "api_key": "x"}, "another real provider"),
        ({"provider": "folder"}, "another real provider"),
        ({"provider": "smtp", "second": {"provider": "sendgrid"}}, "no second of its own"),
    ],
)
def test_a_second_provider_that_could_not_be_told_from_the_first_is_refused(
    second: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings(channels={"email": {"provider": "sendgrid", "second": second}})


def test_a_real_second_provider_makes_the_channel_real() -> None:
    loopback = {"provider": "sendgrid", "base_url": "http://127.0.0.1:1", "api_key": "x"}
    both = load_settings(
        channels={"email": {**loopback, "second": {"provider": "smtp", "host": "relay.example"}}}
    )
    assert load_settings(channels={"email": loopback}).is_rehearsal(ChannelKind.EMAIL)
    assert not both.is_rehearsal(ChannelKind.EMAIL)
    assert any("DISPATCHER_TEMPLATES__SOURCE" in obstacle for obstacle in both.obstacles())
