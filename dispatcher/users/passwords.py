"""Hashes passwords with Argon2 and says which are too weak to take."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dispatcher.users.domain.known_passwords import is_known

SHORTEST, LONGEST = 12, 200
_HASHER = PasswordHasher()
# A hash takes 64 MB: a flood of sign-ins must not take the machine's memory.
_AT_ONCE = threading.Semaphore(2)
_NOBODY = _HASHER.hash("nobody has this password")


class WeakPasswordError(ValueError):
    """The password may not be used; the text says why."""


def hash_password(password: str, *, name: str = "") -> str:
    """The Argon2id hash to keep; raises WeakPasswordError."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(
            f"a password has {SHORTEST} to {LONGEST} characters; a few words make a good one"
        )
    if len(set(password)) < 5 or is_known(password, name=name):
        raise WeakPasswordError("this password is too easy to guess; a few unrelated words make a good one")
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one; None or "" (no such user, none of theirs) takes as long as a wrong one."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(password_hash or _NOBODY, password[:LONGEST]) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)
