"""A code from a phone beside the password: set up, asked for, replaced by recovery codes, taken away."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyotp

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.users.audit import append_audit
from dispatcher.users.domain.one_time_code import (
    RECOVERY_CODES,
    bare_code,
    is_recovery_code,
    matching_step,
    new_recovery_code,
    step_at,
)
from dispatcher.users.domain.user import Role, User
from dispatcher.users.sealed_secrets import SecretBox, whose
from dispatcher.users.storage import second_factors, sessions
from dispatcher.users.storage.sessions import Session

ISSUER = "Debt dispatcher"


class SecondFactorError(ValueError):
    """It cannot be done; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """What a phone is given: the secret in base 32, and the address that a QR code carries."""

    secret: str
    uri: str


def is_wanting(session: Session, roles: Iterable[Role]) -> bool:
    """Whether this session was opened by a password alone, and its user has a role that needs more."""
    return session.way in {"", "password"} and session.user.has(roles)


def begin_second_factor(database: Database, box: SecretBox, user: User, now: datetime) -> None:
    """Make a secret, to be shown until a first code confirms it. Raises SecondFactorError, SealingKeyError."""
    sealed = box.seal(pyotp.random_base32(), whose(user.id))
    with database.writing() as connection:
        factor = second_factors.find(connection, user.id)
        if factor and factor.confirmed_at:
            raise SecondFactorError("there is a second factor already: end it before you set up another")
        second_factors.put(connection, user.id, sealed_secret=sealed, at=now)


def offered_factor(database: Database, box: SecretBox, user: User) -> Offered | None:
    """What to show while it is not confirmed. Raises SealingKeyError."""
    with database.reading() as connection:
        factor = second_factors.find(connection, user.id)
    if factor is None or factor.confirmed_at is not None:
        return None
    secret = box.unseal(factor.sealed_secret, whose(user.id))
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name=ISSUER)
    return Offered(secret=secret, uri=uri)


def confirm_second_factor(
    database: Database, box: SecretBox, session: Session, code: str, now: datetime
) -> list[str]:
    """The first code from the phone: from here on it is asked for; other sessions end. Returns recovery codes.

    They are shown once. Raises SecondFactorError for a wrong code, SealingKeyError.
    """
    user = session.user
    with database.writing() as connection:
        factor = second_factors.find(connection, user.id)
        if factor is None or factor.confirmed_at is not None:
            raise SecondFactorError("there is nothing to confirm: begin again")
        if not _takes(connection, box, user, code, now):
            raise SecondFactorError(
                "this code does not fit: is the phone's time right? Type the newest one that it shows"
            )
        second_factors.confirm(connection, user.id, now)
        codes = _new_codes(connection, user)
        sessions.revoke_all(connection, user.id, now, but=session.token_sha256)
        sessions.set_way(connection, session.token_sha256, "code")
        append_audit(connection, Event.SECOND_FACTOR_SET, user.name, now)
    return codes


def takes_code(connection: Connection, box: SecretBox, user: User, text: str, now: datetime) -> str | None:
    """Take a code once: "code", "recovery code", None for a wrong or used one. Raises SealingKeyError."""
    bare = bare_code(text)
    if is_recovery_code(bare):
        taken = second_factors.take_recovery_code(connection, user.id, _hash(bare), now)
        return "recovery code" if taken else None
    return "code" if _takes(connection, box, user, bare, now) else None


def renew_recovery_codes(database: Database, user: User, now: datetime) -> list[str]:
    """New recovery codes, to be shown once; the former open nothing any more. Raises SecondFactorError."""
    with database.writing() as connection:
        _require_confirmed(connection, user)
        codes = _new_codes(connection, user)
        append_audit(connection, Event.RECOVERY_CODES_MADE, user.name, now)
    return codes


def end_second_factor(database: Database, user: User, now: datetime) -> None:
    """The owner does without from here on. Raises SecondFactorError."""
    with database.writing() as connection:
        _require_confirmed(connection, user)
        second_factors.remove(connection, user.id)
        append_audit(connection, Event.SECOND_FACTOR_ENDED, user.name, now)


def _require_confirmed(connection: Connection, user: User) -> None:
    factor = second_factors.find(connection, user.id)
    if factor is None or factor.confirmed_at is None:
        raise SecondFactorError("there is no second factor")


def _takes(connection: Connection, box: SecretBox, user: User, code: str, now: datetime) -> bool:
    factor = second_factors.find(connection, user.id)
    if factor is None:
        return False
    totp = pyotp.TOTP(box.unseal(factor.sealed_secret, whose(user.id)))
    step = matching_step(bare_code(code), step_at(now.timestamp()), factor.last_step, totp.generate_otp)
    return step is not None and second_factors.take_step(connection, user.id, step)


def _new_codes(connection: Connection, user: User) -> list[str]:
    codes = [new_recovery_code(secrets.choice) for _ in range(RECOVERY_CODES)]
    second_factors.put_recovery_codes(connection, user.id, [_hash(bare_code(code)) for code in codes])
    return codes


def _hash(bare: str) -> str:
    return hashlib.sha256(bare.encode()).hexdigest()
