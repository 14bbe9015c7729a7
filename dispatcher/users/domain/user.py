"""Users of the pages, what their roles are called, and how long a run of wrong passwords keeps them out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Role(StrEnum):
    """What a user may do; a user may have several."""

    MANAGER = "manager"  # edits and submits templates
    APPROVER = "approver"  # publishes; never one's own edit
    AUDITOR = "auditor"  # reads the log, exports
    OPERATOR = "operator"  # runs, holds, stops
    ADMIN = "admin"  # users
    COUNSEL = "counsel"  # reviews rule packs and what is said of places


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceAccount:
    """What a program of a creditor may do here: the scopes it was given, over one creditor's data or everybody's."""

    scopes: frozenset[str]
    creditor: str = ""  # key; empty: every creditor
    is_test: bool = False  # every request is answered as if, and undone


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Somebody who may sign in."""

    id: int
    name: str
    email: str
    roles: frozenset[Role]
    disabled_at: datetime | None = None
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    account: ServiceAccount | None = None  # a program's, not a person's

    def has(self, roles: Iterable[Role]) -> bool:
        """Whether the user has one of these roles."""
        return not self.roles.isdisjoint(roles)


def is_name(name: str) -> bool:
    """Whether a user may be called so: 1 to 100 printable characters."""
    return bool(name) and len(name) <= 100 and name.isprintable()


FAILURES_ALLOWED = 5
FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(hours=1)


def lock_after(failures: int) -> timedelta | None:
    """How long a name is shut to a place after so many wrong passwords from there; it doubles: guessing is hopeless."""
    if failures < FAILURES_ALLOWED:
        return None
    doublings = min(failures - FAILURES_ALLOWED, 10)
    return min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)


def parse_roles(words: Iterable[str]) -> frozenset[Role]:
    """Roles by name; raises ValueError naming the ones there are."""
    found = set()
    for word in words:
        try:
            found.add(Role(word.strip().lower()))
        except ValueError:
            raise ValueError(f"there is no role {word!r}; the roles are {', '.join(Role)}") from None
    if not found:
        raise ValueError(f"a user needs at least one role: {', '.join(Role)}")
    return frozenset(found)
