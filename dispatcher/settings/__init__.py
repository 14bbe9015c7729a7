"""Settings: environment `DISPATCHER_*` (nested with `__`), else `dispatcher.toml`, else defaults."""

import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from channels.email.mailbox_access import MailboxAccess
from channels.kind import ChannelKind
from channels.letter.spool_settings import SPOOL
from channels.loopback import is_loopback
from channels.registry import missing, stays_on_this_machine
from channels.settings import ChannelSettings
from dispatcher.settings.checked import Part, WebAddress
from dispatcher.settings.desk import (
    ConfigurationSettings,
    GuardSettings,
    NotifySettings,
    OidcSettings,
    PeopleSettings,
    RulesSettings,
    SealSettings,
    TemplatesSettings,
    WebSettings,
)
from dispatcher.settings.media import ChannelsSettings, MailboxSettings

PRACTICE = "practice"  # the file in a home that makes it a desk to practise at: nothing leaves it


class SettingsError(ValueError):
    """A setting is wrong; the text names it and where it came from."""


class Settings(BaseSettings):
    """Everything a person may set. Secrets come by environment or by a file named in `…_FILE` alone."""

    model_config = SettingsConfigDict(
        env_prefix="DISPATCHER_",
        env_nested_delimiter="__",
        toml_file="dispatcher.toml",
        extra="forbid",
        frozen=True,
    )

    home: Path = Path("var")
    database_url: str = ""
    broker_url: str = "memory://"
    config_dir: Path | None = None
    templates_dir: Path | None = None
    public_url: WebAddress = Field("http://localhost:8000", min_length=1)
    log_format: Literal["text", "json"] = "text"  # of what the long-running verbs write to stderr
    import_folder: Path | None = None
    # Where copies lie, each in a folder of its own; the drill takes the newest
    backup_folder: Path | None = None
    trusted_proxies: Annotated[
        tuple[str, ...], NoDecode
    ] = ()  # addresses or networks whose X-Forwarded-For names the caller
    prepare_processes: int = Field(0, ge=0, le=64)  # 0: as the cores allow; 1: this process alone
    # What was judged when its text was made goes out by that while nothing has changed
    clearance: bool = True
    channels: ChannelsSettings = ChannelsSettings.model_validate({})
    mailbox: MailboxSettings = MailboxSettings.model_validate({})
    templates: TemplatesSettings = TemplatesSettings()
    rules: RulesSettings = RulesSettings()
    seal: SealSettings = SealSettings.model_validate({})
    configuration: ConfigurationSettings = ConfigurationSettings()
    people: PeopleSettings = PeopleSettings()
    notify: NotifySettings = NotifySettings()
    guards: GuardSettings = GuardSettings.model_validate({})
    web: WebSettings = WebSettings.model_validate({})
    oidc: OidcSettings = OidcSettings()
    export_days: int = Field(30, ge=1, le=3650)  # then the retention job removes exports, changes and rejects

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if isinstance(parts, list | tuple):
            for part in parts:
                if part:
                    ip_network(str(part), strict=False)  # a ValueError names what is none
            return tuple(str(part) for part in parts if part)
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment (with `…_FILE` read first), then `dispatcher.toml`."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def effective_database_url(self) -> str:
        """The database's address; SQLite under the home when none is set."""
        return self.database_url or f"sqlite:///{(self.home / 'dispatcher.db').resolve()}"

    @property
    def max_ledger_age(self) -> timedelta:
        """How old a creditor's ledger may be for a live run."""
        return timedelta(hours=self.guards.max_ledger_age_hours)

    @property
    def max_export_age(self) -> timedelta:
        """How long files of exports may lie."""
        return timedelta(days=self.export_days)

    def channel(self, kind: ChannelKind) -> ChannelSettings:
        """One channel's settings as its adapter takes them."""
        return self._for_adapter(getattr(self.channels, kind.value))

    def second_channel(self, kind: ChannelKind) -> ChannelSettings | None:
        """The same of the provider that takes over while the first one fails, where there is one."""
        second = getattr(getattr(self.channels, kind.value), "second", None)
        return None if second is None else self._for_adapter(second)

    def providers(self, kind: ChannelKind) -> list[ChannelSettings]:
        """The settings of all providers of a channel, the first one first."""
        second = self.second_channel(kind)
        return [self.channel(kind), *([] if second is None else [second])]

    def provider(self, kind: ChannelKind, name: str) -> ChannelSettings:
        """The settings of the provider of that name; the channel's own where it has none of that name."""
        return next((each for each in self.providers(kind) if each.provider == name), self.channel(kind))

    def second_after(self, kind: ChannelKind) -> timedelta | None:
        """How long a channel's provider must have failed before the second takes over; None without one."""
        if self.second_channel(kind) is None:
            return None
        return timedelta(minutes=getattr(self.channels, kind.value).second_after)

    def _for_adapter(self, part: Part) -> ChannelSettings:
        plain: dict[str, Any] = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in part
            if name in ChannelSettings.__dataclass_fields__
        }
        return ChannelSettings(
            **plain,
            folder=self.home / "outbox",
            spool=self.home / "spool",
            public_url=self.public_url,
        )

    @property
    def mailbox_access(self) -> MailboxAccess | None:
        """The mailbox that answers come to; None where none is set."""
        if not self.mailbox.host:
            return None
        plain: dict[str, Any] = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in self.mailbox
            if name != "folder"
        }
        return MailboxAccess(account=ChannelSettings(provider="imap", **plain), folder=self.mailbox.folder)

    def obstacles(self) -> list[str]:
        """What must be set before a real provider may be used, a sentence each."""
        real = [kind for kind in ChannelKind if not self.is_rehearsal(kind)]
        found = []
        if real and self.templates.source is None:
            found.append("DISPATCHER_TEMPLATES__SOURCE must say folder or pages once a channel is real")
        linking = [
            kind.value for kind in real if any(one.provider != SPOOL.name for one in self.providers(kind))
        ]
        if linking and is_loopback(self.public_url):
            found.append(
                f"DISPATCHER_PUBLIC_URL is {self.public_url}: debtors and providers could not reach it, "
                f"and {', '.join(linking)} is real"
            )
        wanting = (missing(each) for kind in real for each in self.providers(kind))
        return [*found, *filter(None, wanting)]

    @property
    def is_practice(self) -> bool:
        """Whether the home is one to practise in."""
        return (self.home / PRACTICE).is_file()

    def refuse_to_leave_practice(self) -> None:
        """Raise SettingsError where something is set by which the invented people of a practice home could get out."""
        if not self.is_practice:
            return
        ways = {
            **{
                f"DISPATCHER_CHANNELS__{kind.value.upper()}__PROVIDER": one.provider != "folder"
                for kind in ChannelKind
                for one in self.providers(kind)
            },
            "DISPATCHER_DATABASE_URL": bool(self.database_url),
            "DISPATCHER_MAILBOX__HOST": bool(self.mailbox.host),
            "DISPATCHER_NOTIFY__WEBHOOK_URL": bool(self.notify.webhook_url),
            "DISPATCHER_NOTIFY__EMAIL": bool(self.notify.email),
            "DISPATCHER_NOTIFY__PING_URL": bool(self.notify.ping_url),
            "DISPATCHER_IMPORT_FOLDER": self.import_folder is not None,
        }
        if found := [name for name, is_set in ways.items() if is_set]:
            raise SettingsError(
                f"{self.home} is a desk to practise at, with a database of its own that nothing leaves: "
                f"take {', '.join(found)} back, or work in another home"
            )

    def is_rehearsal(self, kind: ChannelKind) -> bool:
        """Whether nothing of this channel can leave the machine: a folder, or a provider on loopback."""
        return all(stays_on_this_machine(each) for each in self.providers(kind))


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; raises SettingsError with one line a problem."""
    _read_secret_files()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(problem) for problem in error.errors())) from None
    except ValueError as error:
        raise SettingsError(f"dispatcher.toml cannot be read: {error}") from None


def _read_secret_files() -> None:
    """`DISPATCHER_X_FILE=/path` sets DISPATCHER_X to the file's text."""
    for name, path in list(os.environ.items()):
        if name.startswith("DISPATCHER_") and name.endswith("_FILE"):
            try:
                secret = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = "is not UTF-8" if isinstance(error, ValueError) else f"cannot be read: {error.strerror}"
                raise SettingsError(f"{name}: {path} {why}") from None
            os.environ.setdefault(name.removesuffix("_FILE"), secret)
            del os.environ[name]


def unknown_variables() -> list[str]:
    """`DISPATCHER_…` variables that set nothing: the environment is everybody's, so they are no error."""
    known = {*Settings.model_fields, "new_password"}  # the latter is asked for by `users`
    ours = sorted(name for name in os.environ if name.startswith("DISPATCHER_"))
    return [name for name in ours if name.removeprefix("DISPATCHER_").partition("__")[0].lower() not in known]


def _sentence(problem: Any) -> str:
    names = [str(part) for part in problem["loc"]]
    variable = "DISPATCHER_" + "__".join(names).upper()
    said = problem["msg"].removeprefix("Value error, ")
    return f"{variable} (or {'.'.join(names)} in dispatcher.toml): {said}"
