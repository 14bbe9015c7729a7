"""What of a session's, a bearer's or a begun sign-in's token is stored."""

import hashlib


def token_hash(token: str) -> str:
    """The digest by which it is found again."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
