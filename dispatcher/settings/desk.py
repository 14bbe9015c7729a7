"""What is set for the desk: texts, law, pages, people, guards, sign-in."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from channels.loopback import is_loopback
from dispatcher.settings.checked import HeaderSecret, Part, WebAddress, ZoneName
from dispatcher.users.domain.user import Role


class TemplatesSettings(Part):
    """Where templates are edited: in a folder under version control, or on the pages."""

    source: Literal["folder", "pages"] | None = None  # None: not said; real channels then refuse


class SealSettings(Part):
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


class RulesSettings(Part):
    """Which rule packs are loaded, and whether real providers need counsel's review of them."""

    only: tuple[str, ...] | None = None
    require_review: bool = True
    # Where counsel says so: in the files, or signed in on the pages
    reviews: Literal["folder", "pages"] = "folder"

    @field_validator("only", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip()) or None
        return value


Source = Literal["folder", "pages"]


class ConfigurationSettings(Part):
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
    calls: Source = "folder"

    @property
    def on_pages(self) -> frozenset[str]:
        """The kinds kept on the pages."""
        return frozenset(name for name in type(self).model_fields if getattr(self, name) == "pages")


class PeopleSettings(Part):
    """Whether the records that several creditors have of one human count as one."""

    link: bool = True


class NotifySettings(Part):
    """Who is told about the day: a webhook, an e-mail address, and a dead-man's ping."""

    webhook_url: str = ""
    email: str = ""
    ping_url: str = ""


class GuardSettings(Part):
    """Guards against accidents: ledger age, unusual volume."""

    max_ledger_age_hours: float = Field(36.0, gt=0)
    volume_factor: float = Field(3.0, gt=1)
    volume_minimum: int = Field(200, ge=1)
    volume_history: int = Field(5, ge=1)
    volume_first: int = Field(5_000, ge=1)  # to a real channel that has no history


def _names(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class WebSettings(Part):
    """The pages' own settings. Users with a role of `second_factor` need a code from a phone beside the password."""

    host: str = "127.0.0.1"
    port: int = 8000
    session_hours: float = 10.0
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    second_factor: Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_names)] = ()
    api_requests_per_minute: int = Field(6_000, ge=1)  # of each token, in each serving process
    zone: ZoneName = ""  # the desk's; empty: that of the daily run's schedule


class OidcSettings(Part):
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
    roles: dict[str, Role] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_whole(self) -> "OidcSettings":
        if self.issuer and not self.client_id:
            raise ValueError(
                "an issuer needs a client_id: the provider gives it when this program is registered"
            )
        if self.issuer.startswith("http:") and not is_loopback(self.issuer):
            raise ValueError(f"{self.issuer} is no https: whoever listens could sign in as anybody")
        return self
