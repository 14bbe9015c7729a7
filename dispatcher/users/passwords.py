"""Hashes passwords with Argon2 and says which are too weak to take."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dispatcher.users.domain.known_passwords import is_known

SHORTEST, LONGEST = 12, 200
_HASHER = PasswordHasher()


def _give_way() -> None:
    """A hash keeps four threads busy for a tenth of a second: whoever waits for a page goes first."""
    if (
        sys.platform == "linux"
    ):  # where a thread has a priority of its own, and those that it starts inherit it
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


_NICE = 15
# A hash takes 64 MB: a flood of sign-ins must not take the machine's memory.
_HASHING = ThreadPoolExecutor(2, thread_name_prefix="hashing", initializer=_give_way)
# Who gives way to everybody never comes to an end where others hold the cores: now and then one goes like a page.
_FIRST = ThreadPoolExecutor(1, thread_name_prefix="hashing-first")
_FIRST_EVERY = 1.0  # seconds; a hash takes a tenth
# Seconds that anybody waits for a hash; as long again, at most, for the thread that asks for it
_PATIENCE = 5.0
_next_first = 0.0
_choosing = threading.Lock()
_P = ParamSpec("_P")
_T = TypeVar("_T")


class BusyError(Exception):
    """So many passwords wait to be checked that this one was not; nothing was decided about it."""


def _hashed(call: Callable[_P, _T], *args: _P.args, **named: _P.kwargs) -> _T:
    """What the call returns, in one of the lanes; raises BusyError after five seconds."""
    global _next_first  # noqa: PLW0603 one door for the whole process
    with _choosing:
        now = time.monotonic()
        goes_first = now >= _next_first
        if goes_first:
            _next_first = now + _FIRST_EVERY
    waiting = (_FIRST if goes_first else _HASHING).submit(call, *args, **named)
    try:
        return waiting.result(timeout=_PATIENCE)
    except TimeoutError:
        waiting.cancel()
        raise BusyError from None


_NOBODY = _HASHER.hash("nobody has this password")


class WeakPasswordError(ValueError):
    """The password may not be used; the text says why."""


def hash_password(password: str, *, name: str = "") -> str:
    """The Argon2id hash to keep; raises WeakPasswordError, or BusyError."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(
            f"a password has {SHORTEST} to {LONGEST} characters; a few words make a good one"
        )
    if len(set(password)) < 5 or is_known(password, name=name):
        raise WeakPasswordError("this password is too easy to guess; a few unrelated words make a good one")
    return _hashed(_HASHER.hash, password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one; None or "" (no such user, none of theirs) takes as long as a wrong one.

    Raises BusyError.
    """
    try:
        return _hashed(_HASHER.verify, password_hash or _NOBODY, password[:LONGEST]) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)
