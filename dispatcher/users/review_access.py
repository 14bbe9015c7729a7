"""Who can get in, as what, and when they last did: the list that is looked through each quarter."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from dispatcher.database.engine import Database
from dispatcher.users.domain.user import ServiceAccount, User
from dispatcher.users.storage import provider_identities, second_factors, service_accounts, users
from dispatcher.users.storage.users import TokenRow

LONG_UNUSED: Final = timedelta(days=90)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessRow:
    """A user, or one of a user's living tokens. Instants in UTC."""

    name: str
    kind: str  # "user", "token" of one, "program" of a creditor, "key" of one
    label: str
    email: str
    roles: tuple[str, ...]
    signs_in_by: str
    since: datetime | None
    ends: datetime | None
    last_used: datetime | None
    remarks: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    creditor: str = ""  # a program's; empty: every creditor's

    def as_json(self) -> dict[str, str]:
        """As the command and the export write it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "label": self.label,
            "email": self.email,
            "roles": ", ".join(self.roles),
            "scopes": ", ".join(self.scopes),
            "creditor": self.creditor,
            "signs_in_by": self.signs_in_by,
            "since": _text(self.since),
            "ends": _text(self.ends),
            "last_used": _text(self.last_used),
            "remarks": "; ".join(self.remarks),
        }


def review_access(database: Database, now: datetime) -> list[AccessRow]:
    """Everybody by name, each followed by their tokens, then creditors' programs with their keys; the disabled, too."""
    with database.reading() as connection:
        people, tokens = users.list_all(connection), users.tokens(connection, now)
        by_phone, by_provider = (
            second_factors.users_with_one(connection),
            set(provider_identities.subjects(connection)),
        )
        with_password = users.with_password(connection)
        programs = [
            (user, account, users.tokens(connection, now, user.id))
            for user_id, account in service_accounts.list_all(connection)
            if (user := users.get(connection, user_id)) is not None
        ]
    rows: list[AccessRow] = []
    for user in people:
        ways = (("password", with_password), ("code", by_phone), ("provider", by_provider))
        rows.append(_of_user(user, ", ".join(way for way, ids in ways if user.id in ids), now))
        rows += [_of_token(user, token, now) for token in tokens if token.user == user.name]
    for user, account, keys in programs:
        rows.append(_as_program(_of_user(user, "key", now), account, "program"))
        rows += [_as_program(_of_token(user, key, now), account, "key") for key in keys]
    return rows


def _as_program(row: AccessRow, account: ServiceAccount, kind: str) -> AccessRow:
    scopes = tuple(sorted(account.scopes))
    return replace(row, kind=kind, signs_in_by="key", scopes=scopes, creditor=account.creditor)


def _of_user(user: User, ways: str, now: datetime) -> AccessRow:
    remarks = ["disabled"] if user.disabled_at else list(_unused(user.last_used_at, user.created_at, now))
    return AccessRow(
        name=user.name,
        kind="user",
        label="",
        email=user.email,
        roles=tuple(sorted(user.roles)),
        signs_in_by=ways,
        since=user.created_at,
        ends=user.disabled_at,
        last_used=user.last_used_at,
        remarks=tuple(remarks),
    )


def _of_token(user: User, token: TokenRow, now: datetime) -> AccessRow:
    remarks = ["its user is disabled"] if user.disabled_at else []
    return AccessRow(
        name=user.name,
        kind="token",
        label=token.name,
        email="",
        roles=tuple(sorted(user.roles)),
        signs_in_by="token",
        since=token.created_at,
        ends=token.expires_at,
        last_used=token.last_used_at,
        remarks=(*remarks, *_unused(token.last_used_at, token.created_at, now)),
    )


def _unused(used_at: datetime | None, since: datetime | None, now: datetime) -> Iterator[str]:
    if used_at is None:
        yield "never used"
    elif now - used_at > LONG_UNUSED:
        yield f"not used for {(now - used_at).days} days"
    if used_at is None and since is not None and now - since > LONG_UNUSED:
        yield f"made {(now - since).days} days ago"


def _text(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
