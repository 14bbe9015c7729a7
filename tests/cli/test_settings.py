"""Settings: environment before dispatcher.toml before defaults; errors name the setting; secrets come from files."""

import os
from pathlib import Path

import pytest

from channels.kind import ChannelKind
from dispatcher.bootstrap import open_dispatcher
from dispatcher.settings import SettingsError, load_settings
from tests.builders import TODAY, at


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("DISPATCHER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DISPATCHER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def test_defaults_send_nothing_and_use_the_home(tmp_path: Path) -> None:
    settings = load_settings()
    assert all(settings.is_rehearsal(kind) for kind in ChannelKind)
    assert settings.effective_database_url == f"sqlite:///{tmp_path / 'home' / 'dispatcher.db'}"
    assert settings.broker_url == "memory://"


def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dispatcher.toml").write_text(
        'public_url = "https://a.example"\n[channels.email]\nconcurrency = 3\nrate = 2.5\n'
    )
    monkeypatch.setenv("DISPATCHER_CHANNELS__EMAIL__CONCURRENCY", "5")
    settings = load_settings()
    assert (settings.public_url, settings.channels.email.concurrency, settings.channels.email.rate) == (
        "https://a.example",
        5,
        2.5,
    )


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("SG.secret\n")
    monkeypatch.setenv("DISPATCHER_CHANNELS__EMAIL__API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv(
        "DISPATCHER_CHANNELS__EMAIL__API_KEY", ""
    )  # so that what is read is put back afterwards
    monkeypatch.delenv("DISPATCHER_CHANNELS__EMAIL__API_KEY")
    settings = load_settings()
    assert settings.channel(ChannelKind.EMAIL).api_key == "SG.secret"
    assert "SG.secret" not in repr(settings)


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCHER_CHANNELS__SMS__AUTH_TOKEN_FILE", "/nowhere/token")
    with pytest.raises(
        SettingsError, match="DISPATCHER_CHANNELS__SMS__AUTH_TOKEN_FILE: /nowhere/token cannot be read"
    ):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISPATCHER_CHANNELS__EMAIL__PROVIDER", "pigeon"),
        ("DISPATCHER_CHANNELS__EMAIL__TIMEOUT", "soon"),
        ("DISPATCHER_GUARDS__VOLUME_FACTOR", "0"),
        ("DISPATCHER_CHANNELS__EMAIL__PROVIDR", "smtp"),
        ("DISPATCHER_CHANNELS__EMAIL__BASE_URL", "127.0.0.1:9101"),
        ("DISPATCHER_CHANNELS__LETTER__BASE_URL", "http://127.0.0.1:port"),
        ("DISPATCHER_PUBLIC_URL", "dispatcher.example"),
        ("DISPATCHER_PUBLIC_URL", ""),
        ("DISPATCHER_CHANNELS__LETTER__CUT_OFF", "4pm"),
        ("DISPATCHER_CHANNELS__LETTER__CUT_OFF_ZONE", "EST5PDT/Nowhere"),
        ("DISPATCHER_NOTIFY__ZONE", "New York"),
        ("DISPATCHER_CHANNELS__EMAIL__FROM", "Acme <letters@acme.example>"),
        ("DISPATCHER_CHANNELS__EMAIL__API_KEY", "SG.one\nSG.two"),
    ],
)
def test_a_wrong_setting_is_named_as_it_is_set(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_a_broken_file_is_said_to_be_broken(tmp_path: Path) -> None:
    (tmp_path / "dispatcher.toml").write_text("public_url = \n")
    with pytest.raises(SettingsError, match=r"dispatcher\.toml cannot be read"):
        load_settings()


def test_the_business_clock_is_refused_while_a_channel_can_reach_people(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISPATCHER_CHANNELS__SMS__PROVIDER", "twilio")
    with pytest.raises(SettingsError, match="--now is refused while sms can reach people"):
        open_dispatcher(now=at(TODAY))


@pytest.mark.parametrize("host", ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"])
def test_the_business_clock_may_be_set_where_the_provider_is_a_double_on_loopback(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("DISPATCHER_CHANNELS__SMS__PROVIDER", "twilio")
    monkeypatch.setenv("DISPATCHER_CHANNELS__SMS__BASE_URL", host)
    dispatcher = open_dispatcher(now=at(TODAY))
    try:
        assert dispatcher.now().date() == TODAY
    finally:
        dispatcher.close()


@pytest.mark.parametrize(
    ("provider", "left_over"),
    [
        ("smtp", {"BASE_URL": "http://127.0.0.1:9101", "HOST": "mail.example"}),
        ("sendgrid", {"HOST": "localhost"}),
    ],
)
def test_an_address_that_the_provider_does_not_use_makes_no_rehearsal(
    monkeypatch: pytest.MonkeyPatch, provider: str, left_over: dict[str, str]
) -> None:
    for name, value in {"PROVIDER": provider, **left_over}.items():
        monkeypatch.setenv(f"DISPATCHER_CHANNELS__EMAIL__{name}", value)
    with pytest.raises(SettingsError, match="--now is refused while email can reach people"):
        open_dispatcher(now=at(TODAY))


@pytest.mark.parametrize(
    ("channel", "values", "named"),
    [
        ("EMAIL", {"PROVIDER": "sendgrid"}, "SendGrid needs DISPATCHER_CHANNELS__EMAIL__API_KEY"),
        ("EMAIL", {"PROVIDER": "smtp"}, "SMTP needs DISPATCHER_CHANNELS__EMAIL__HOST"),
        (
            "SMS",
            {"PROVIDER": "twilio", "ACCOUNT_SID": "AC1"},
            "DISPATCHER_CHANNELS__SMS__ACCOUNT_SID and __AUTH_TOKEN",
        ),
        (
            "SMS",
            {"PROVIDER": "twilio", "ACCOUNT_SID": "AC1", "AUTH_TOKEN": "t"},
            "DISPATCHER_CHANNELS__SMS__FROM or",
        ),
        ("LETTER", {"PROVIDER": "lob"}, "Lob needs DISPATCHER_CHANNELS__LETTER__API_KEY"),
    ],
)
def test_a_real_provider_without_its_credentials_is_refused_before_anything_is_planned(
    monkeypatch: pytest.MonkeyPatch, channel: str, values: dict[str, str], named: str
) -> None:
    monkeypatch.setenv("DISPATCHER_TEMPLATES__SOURCE", "folder")
    monkeypatch.setenv("DISPATCHER_PUBLIC_URL", "https://dispatcher.example")
    for name, value in values.items():
        monkeypatch.setenv(f"DISPATCHER_CHANNELS__{channel}__{name}", value)
    [obstacle] = load_settings().obstacles()
    assert named in obstacle


def test_a_key_is_freed_of_its_line_break_and_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCHER_CHANNELS__EMAIL__API_KEY", "SG.secret\n")
    assert load_settings().channel(ChannelKind.EMAIL).api_key == "SG.secret"
    monkeypatch.setenv("DISPATCHER_CHANNELS__EMAIL__API_KEY", "SG.secr\u00e9t")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "SG.secr" not in str(caught.value)
