"""Codes that count once: six digits from a phone (RFC 6238), and the recovery codes for who has lost it."""

import hmac
import re
from collections.abc import Callable, Sequence
from typing import Final

SECONDS: Final = 30
RECOVERY_CODES: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
_GROUPS, _GROUP = 4, 4


def step_at(seconds: float) -> int:
    """The number of the half minute in which an instant lies, in seconds since 1970."""
    return int(seconds // SECONDS)


def matching_step(code: str, now: int, last: int, code_at: Callable[[int], str]) -> int | None:
    """The half minute that the code is of: this one or a neighbour, and later than the last that was taken."""
    steps = [step for step in (now, now - 1, now + 1) if step > last]
    return next((step for step in steps if hmac.compare_digest(code_at(step), code)), None)


def bare_code(text: str) -> str:
    """A code without the blanks and dashes that people add; "" where it holds anything else."""
    bare = re.sub(r"[\s-]", "", text).lower()
    return bare if bare.isascii() and bare.isalnum() else ""


def is_recovery_code(bare: str) -> bool:
    """Whether it is of the length of a recovery code."""
    return len(bare) == _GROUPS * _GROUP


def new_recovery_code(choose: Callable[[Sequence[str]], str]) -> str:
    """A code of 79 bits in groups: `abcd-efgh-jkmn-pqrs`."""
    groups = ("".join(choose(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)
