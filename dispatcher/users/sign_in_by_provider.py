"""Signs in whoever the OpenID provider vouches for: roles by its claim, a user of ours at the first time."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.users.ask_provider import ProviderClient, ProviderError
from dispatcher.users.audit import append_audit
from dispatcher.users.domain.provider import Identity, Provider
from dispatcher.users.domain.user import User, is_name
from dispatcher.users.sign_in import SignedIn, open_session
from dispatcher.users.storage import begun_sign_ins, provider_identities, sessions, users
from dispatcher.users.storage.sessions import Origin
from dispatcher.users.token_hash import token_hash

BACK_WITHIN = timedelta(minutes=10)
_ACTOR = "provider"


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaving:
    """Where the browser goes, and the cookie's value by which it is known when it comes back."""

    uri: str
    token: str


def leave_for_provider(database: Database, client: ProviderClient, *, wish: str, now: datetime) -> Leaving:
    """Begin; `wish` is the page to open in the end. Raises ProviderError."""
    uri, begun = client.begin()
    token = secrets.token_urlsafe(32)
    with database.writing() as connection:
        begun_sign_ins.add(
            connection,
            token_sha256=token_hash(token),
            user_id=None,
            details={**begun, "wish": wish},
            now=now,
            expires_at=now + BACK_WITHIN,
        )
    return Leaving(uri=uri, token=token)


def return_from_provider(
    database: Database,
    client: ProviderClient,
    *,
    token: str,
    answer: Mapping[str, str],
    now: datetime,
    lasts: timedelta,
    address: str = "",
    agent: str = "",
) -> tuple[SignedIn, str]:
    """(the session, the page to open). Raises ProviderError saying to the person why not."""
    with database.writing() as connection:
        begun = begun_sign_ins.find(connection, token_hash(token), now)
        if begun is None or "state" not in begun[1]:
            raise ProviderError("This sign-in took too long, or began in another browser. Begin again.")
        begun_sign_ins.take(connection, token_hash(token))
    identity = client.finish(begun[1], answer, now)
    with database.writing() as connection:
        user, trouble = _user_of(connection, client.provider, identity, now)
        if trouble:  # committed: what the provider took away is gone, and the try is in the log
            append_audit(
                connection,
                Event.SIGN_IN_REFUSED,
                user.name if user else "unknown",
                now,
                address=address,
                why=trouble,
            )
        else:
            assert user is not None  # noqa: S101 without trouble there is one
            origin = Origin(way=_ACTOR, address=address, agent=agent)
            return open_session(connection, user, now, lasts, origin), begun[1]["wish"]
    raise ProviderError(_SENTENCES[trouble])


def _user_of(
    connection: Connection, provider: Provider, identity: Identity, now: datetime
) -> tuple[User | None, str]:
    """(the user, why they may not in, in a word of `_SENTENCES`)."""
    user_id = provider_identities.find_user(connection, provider.issuer, identity.subject)
    user = users.get(connection, user_id) if user_id is not None else None
    if not identity.roles:
        if user is not None:
            sessions.revoke_all(connection, user.id, now)
        return user, "no role"
    if user is None:
        return _new_user(connection, provider, identity, now)
    if user.disabled_at is not None:
        return user, "disabled"
    if user.roles != identity.roles:
        users.change(connection, user.id, roles=identity.roles)
        _log(
            connection,
            Event.USER_ROLES_SET,
            now,
            user,
            roles=sorted(identity.roles),
            before=sorted(user.roles),
        )
    return users.get(connection, user.id), ""


def _new_user(
    connection: Connection, provider: Provider, identity: Identity, now: datetime
) -> tuple[User | None, str]:
    if not is_name(identity.name):
        return None, "no name"
    user = users.add(
        connection, name=identity.name, email=identity.email, password_hash="", roles=identity.roles, at=now
    )
    if user is None:
        return None, "name taken"
    provider_identities.link(connection, user.id, provider.issuer, identity.subject)
    _log(connection, Event.USER_ADDED, now, user, roles=sorted(identity.roles))
    _log(connection, Event.PROVIDER_LINKED, now, user, subject=identity.subject)
    return user, ""


def _log(connection: Connection, event: Event, at: datetime, user: User, **details: object) -> None:
    entry = LogEntry(event=event, at=at, actor=_ACTOR, details={"user": user.name, **details})
    delivery_log.append(connection, [entry])


_SENTENCES = {
    "no role": "The provider knows you, and gives you no role here. Ask who runs it.",
    "disabled": "You are shut out here. Somebody with the role admin can let you in again.",
    "no name": "The provider says no name of you that could be used here. Ask who runs it.",
    "name taken": "Somebody of your name signs in here with a password. If it is you: somebody with the role admin can "
    "join the two on the page of users.",
}
