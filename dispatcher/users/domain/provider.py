"""The OpenID provider: what we are to it, and who somebody is by what it says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatcher.users.domain.user import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """One issuer and this program's registration there."""

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str = field(default="", repr=False)
    name_claim: str = "preferred_username"
    roles_claim: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who signed in at the provider; `subject` never changes there, everything else may."""

    subject: str
    name: str
    email: str
    roles: frozenset[Role]


def identity_of(provider: Provider, claims: Mapping[str, Any]) -> Identity:
    """The claims of an ID token that was checked, as far as they matter here."""
    name, email = claims.get(provider.name_claim), claims.get("email")
    return Identity(
        subject=str(claims["sub"]),
        name=name.strip() if isinstance(name, str) else "",
        email=email if isinstance(email, str) and claims.get("email_verified") is not False else "",
        roles=roles_of(provider, claims),
    )


def roles_of(provider: Provider, claims: Mapping[str, Any]) -> frozenset[Role]:
    """Roles by the claim; what the provider calls otherwise and nobody has translated gives none."""
    table = provider.roles or {role.value: role for role in Role}
    values = _claim(claims, provider.roles_claim)
    words = values if isinstance(values, list) else [values]
    return frozenset(table[word] for word in words if isinstance(word, str) and word in table)


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, which may hold dots, or else by a path (`realm_access.roles`)."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
