"""What is set for each medium: who sends, from where, how quickly, with which keys."""

from datetime import time
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from dispatcher.settings.checked import (
    BareAddress,
    EmailProvider,
    HeaderSecret,
    LetterProvider,
    Part,
    SecondAfter,
    SmsProvider,
    WebAddress,
    ZoneName,
)


def _refuse_second(kind: str, first: str, second: "EmailSettings | LetterSettings | None") -> None:
    """Two providers are told apart by their names: a message in doubt at one must never go to the other."""
    if second is None:
        return
    name = f"DISPATCHER_CHANNELS__{kind}__SECOND__PROVIDER"
    if second.provider in {first, "folder"}:
        raise ValueError(f"{name} is {second.provider!r}: it must be another real provider than {first!r}")
    if second.second is not None:
        raise ValueError(f"{name}: a second provider has no second of its own")


class EmailSettings(Part):
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


class SmsSettings(Part):
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


class LetterSettings(Part):
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


class ChannelsSettings(Part):
    """One block a channel."""

    email: EmailSettings = EmailSettings.model_validate({})
    sms: SmsSettings = SmsSettings.model_validate({})
    letter: LetterSettings = LetterSettings.model_validate({})


class MailboxSettings(Part):
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
