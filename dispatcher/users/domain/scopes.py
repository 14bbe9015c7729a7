"""What a program's account may be allowed: one word a noun of the API and whether it reads or writes."""

from collections.abc import Iterable

SCOPES = (
    "creditors:read", "people:read", "people:write", "debts:read", "debts:write", "payments:read", "payments:write",
    "arrangements:read", "decisions:read", "documents:read", "documents:write", "messages:read", "runs:read",
    "imports:read", "events:read", "webhooks:read", "webhooks:write",
)  # fmt: skip


def parse_scopes(words: Iterable[str]) -> frozenset[str]:
    """Scopes by name; raises ValueError naming the ones there are."""
    scopes = frozenset(part.strip() for word in words for part in word.split(",") if part.strip())
    if unknown := sorted(scopes - set(SCOPES)):
        raise ValueError(f"there is no scope {', '.join(unknown)}; the scopes are {', '.join(SCOPES)}")
    if not scopes:
        raise ValueError(f"an account needs at least one scope: {', '.join(SCOPES)}")
    return scopes
