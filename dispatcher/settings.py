"""Settings: environment `DISPATCHER_*` (nested with `__`), else `dispatcher.toml`, else defaults."""

import os
import re
from datetime import time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
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
from channels.registry import missing, providers, stays_on_this_machine
from channels.settings import ChannelSettings
from dispatcher.users.domain.user import Role

PRACTICE = "practice"  # the file in a home that makes it a desk to practise at: nothing leaves it


class SettingsError(ValueError):
    """A setting is wrong; the text names it and where it came from."""


def _web_address(text: str) -> str:
    """Refuse what is no http(s) address; empty means the provider's own. Reading a wrong port raises of itself."""
    parts = urlsplit(text)
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0):
        raise ValueError(f"{text!r} is no address; write it as https://host or http://127.0.0.1:8000")
    return text


def _zone_name(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, LookupError, OSError):
        raise ValueError(f"{text!r} is no time zone; write a name such as America/New_York") from None
    return text


def _bare_address(text: str) -> str:
    if text and not _BARE_ADDRESS.fullmatch(text):
        raise ValueError(
            f"{text!r} is no bare address; write name@host, the sender's name is in config/senders.yaml"
        )
    return text


def _header_secret(secret: SecretStr) -> SecretStr:
    """Secrets that travel in headers come without the line break that files and pastes add."""
    bare = secret.get_secret_value().strip()
    if not (bare.isascii() and (bare.isprintable() or not bare)):
        raise ValueError("it holds a line break or a letter that no key has; its value is not repeated here")
    return SecretStr(bare)


_BARE_ADDRESS = re.compile(r"[^\s<>\"(),;:@]+@[^\s<>\"(),;:@]+")
BareAddress = Annotated[str, AfterValidator(_bare_address)]
HeaderSecret = Annotated[SecretStr, AfterValidator(_header_secret)]
ZoneName = Annotated[str, AfterValidator(_zone_name)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


def _provider(kind: ChannelKind) -> AfterValidator:
    def known(name: str) -> str:
        if name not in providers(kind):
            raise ValueError(f"{name!r} is no provider of {kind}; it can be {', '.join(providers(kind))}")
        return name

    return AfterValidator(known)


EmailProvider = Annotated[str, _provider(ChannelKind.EMAIL)]
SmsProvider = Annotated[str, _provider(ChannelKind.SMS)]
LetterProvider = Annotated[str, _provider(ChannelKind.LETTER)]
SecondAfter = Annotated[float, Field(ge=0, le=1440)]
"""Minutes for which a provider must have failed before the second one takes over."""


def _refuse_second(kind: str, first: str, second: "EmailSettings | LetterSettings | None") -> None:
    """Two providers are told apart by their names: a message in doubt at one must never go to the other."""
    if second is None:
        return
    name = f"DISPATCHER_CHANNELS__{kind}__SECOND__PROVIDER"
    if second.provider in {first, "folder"}:
        raise ValueError(f"{name} is {second.provider!r}: it must be another real provider than {first!r}")
    if second.second is not None:
        raise ValueError(f"{name}: a second provider has no second of its own")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EmailSettings(_Part):
    """How e-mail leaves: into a folder, by SMTP, or through SendGrid."""

    provider: EmailProvider = "folder"
    base_url: WebAddress = ""
    timeout: float = Field(15.0, gt=0, le=300)
    connect_timeout: float = Field(5.0, gt=0, le=60)
    concurrency: int = Field(16, ge=1, le=256)
    rate: float = Field(0.0, ge=0)
    api_key: HeaderSecret = SecretStr("")
    webhook_key: str = ""
    sender: BareAddress = Field("", alias="from")
    host: str = ""
    port: int = 0
    username: str = ""
    password: SecretStr = SecretStr("")
    tls: Literal["starttls", "tls", "none"] = "starttls"
    oauth_token_url: WebAddress = ""  # for relays that take no passwords: Microsoft 365, Google
    oauth_client_id: str = ""
    oauth_client_secret: SecretStr = SecretStr("")
    oauth_refresh_token: SecretStr = SecretStr("")
    oauth_scope: str = ""
    second: "EmailSettings | None" = None  # takes over while the first one fails
    second_after: SecondAfter = 5.0

    @model_validator(mode="after")
    def _two(self) -> "EmailSettings":
        _refuse_second("EMAIL", self.provider, self.second)
        return self


class SmsSettings(_Part):
    """How SMS leave: into a folder, or through Twilio."""

    provider: SmsProvider = "folder"
    base_url: WebAddress = ""
    timeout: float = Field(15.0, gt=0, le=300)
    connect_timeout: float = Field(5.0, gt=0, le=60)
    concurrency: int = Field(16, ge=1, le=256)
    rate: float = Field(0.0, ge=0)
    account_sid: str = ""
    auth_token: HeaderSecret = SecretStr("")
    sender: str = Field("", alias="from")
    messaging_service_sid: str = ""


class LetterSettings(_Part):
    """How letters leave: into a folder, to a print house's spool, or through Lob."""

    provider: LetterProvider = "folder"
    base_url: WebAddress = ""
    timeout: float = Field(30.0, gt=0, le=300)
    connect_timeout: float = Field(5.0, gt=0, le=60)
    concurrency: int = Field(8, ge=1, le=256)
    rate: float = Field(0.0, ge=0)
    api_key: HeaderSecret = SecretStr("")
    webhook_secret: HeaderSecret = SecretStr("")
    batch_pieces: int = Field(500, ge=1)
    batch_minutes: int = Field(60, ge=1)
    cut_off: time = time(16)
    cut_off_zone: ZoneName = "UTC"
    second: "LetterSettings | None" = None  # takes over while the first one fails
    second_after: SecondAfter = 5.0

    @model_validator(mode="after")
    def _two(self) -> "LetterSettings":
        _refuse_second("LETTER", self.provider, self.second)
        return self


class ChannelsSettings(_Part):
    """One block a channel."""

    email: EmailSettings = EmailSettings.model_validate({})
    sms: SmsSettings = SmsSettings.model_validate({})
    letter: LetterSettings = LetterSettings.model_validate({})


class MailboxSettings(_Part):
    """The mailbox that answers come to, read over IMAP with TLS; without a host none is read."""

    host: str = ""
    port: int = Field(0, ge=0, le=65_535)  # 0: 993, or 143 with starttls
    username: str = ""
    password: SecretStr = SecretStr("")
    folder: str = "INBOX"
    tls: Literal["tls", "starttls"] = "tls"
    timeout: float = Field(30.0, gt=0, le=300)
    oauth_token_url: WebAddress = ""  # for mailboxes that take no passwords: Microsoft 365, Google
    oauth_client_id: str = ""
    oauth_client_secret: SecretStr = SecretStr("")
    oauth_refresh_token: SecretStr = SecretStr("")
    oauth_scope: str = ""


class TemplatesSettings(_Part):
    """Where templates are edited: in a folder under version control, or on the pages."""

    source: Literal["folder", "pages"] | None = None  # None: not said; real channels then refuse


class SealSettings(_Part):
    """Who time-stamps the newest seal (RFC 3161); without an address nobody does."""

    stamp_url: WebAddress = ""
    stamp_roots: Path | None = None  # PEM: the certificates that the authority's own must lead to
    stamp_seconds: float = Field(15.0, gt=0, le=120)

    @model_validator(mode="after")
    def _has_roots(self) -> "SealSettings":
        if self.stamp_url and self.stamp_roots is None:
            raise ValueError(
                "stamp_url needs stamp_roots: without the authority's root no stamp can be checked"
            )
        return self


class RulesSettings(_Part):
    """Which rule packs are loaded, and whether real providers need counsel's review of them."""

    only: tuple[str, ...] | None = None
    require_review: bool = True
    reviews: Literal["folder", "pages"] = (
        "folder"  # where counsel says so: in the files, or signed in on the pages
    )

    @field_validator("only", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip()) or None
        return value


Source = Literal["folder", "pages"]


class ConfigurationSettings(_Part):
    """Where each kind of configuration is kept: in files, or drafted and approved on the pages."""

    strategies: Source = "folder"
    offers: Source = "folder"
    segments: Source = "folder"
    senders: Source = "folder"
    wording: Source = "folder"
    schedules: Source = "folder"
    mappings: Source = "folder"
    readings: Source = "folder"
    letters: Source = "folder"
    own_page: Source = "folder"

    @property
    def on_pages(self) -> frozenset[str]:
        """The kinds kept on the pages."""
        return frozenset(name for name in type(self).model_fields if getattr(self, name) == "pages")


class PeopleSettings(_Part):
    """Whether the records that several creditors have of one human count as one."""

    link: bool = True


class NotifySettings(_Part):
    """Who is told about the day: a webhook, an e-mail address, and a dead-man's ping."""

    webhook_url: str = ""
    email: str = ""
    ping_url: str = ""


class GuardSettings(_Part):
    """Guards against accidents: ledger age, unusual volume."""

    max_ledger_age_hours: float = Field(36.0, gt=0)
    volume_factor: float = Field(3.0, gt=1)
    volume_minimum: int = Field(200, ge=1)
    volume_history: int = Field(5, ge=1)
    volume_first: int = Field(5_000, ge=1)  # to a real channel that has no history


def _names(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class WebSettings(_Part):
    """The pages' own settings. Users with a role of `second_factor` need a code from a phone beside the password."""

    host: str = "127.0.0.1"
    port: int = 8000
    session_hours: float = 10.0
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    second_factor: Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_names)] = ()
    api_requests_per_minute: int = Field(6_000, ge=1)  # of each token, in each serving process
    zone: ZoneName = ""  # the desk's; empty: that of the daily run's schedule


class OidcSettings(_Part):
    """The OpenID provider that users may sign in by; none without an issuer.

    `roles_claim` is a name or a path with dots; `roles` says which of its values is which role: without it each role
    goes by its own name.
    """

    issuer: WebAddress = ""
    client_id: str = ""
    client_secret: HeaderSecret = SecretStr("")
    label: str = "your organisation's account"
    name_claim: str = "preferred_username"
    roles_claim: str = "roles"
    roles: dict[str, Role] = {}

    @model_validator(mode="after")
    def _is_whole(self) -> "OidcSettings":
        if self.issuer and not self.client_id:
            raise ValueError(
                "an issuer needs a client_id: the provider gives it when this program is registered"
            )
        if self.issuer.startswith("http:") and not is_loopback(self.issuer):
            raise ValueError(f"{self.issuer} is no https: whoever listens could sign in as anybody")
        return self


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
    backup_folder: Path | None = (
        None  # where copies lie, each in a folder of its own; the drill takes the newest
    )
    trusted_proxies: Annotated[
        tuple[str, ...], NoDecode
    ] = ()  # addresses or networks whose X-Forwarded-For names the caller
    prepare_processes: int = Field(0, ge=0, le=64)  # 0: as the cores allow; 1: this process alone
    clearance: bool = (
        True  # what was judged when its text was made goes out by that while nothing has changed
    )
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

    def _for_adapter(self, part: BaseModel) -> ChannelSettings:
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
