"""SMTP replies and enhanced status codes, and what each means for a message, an address or the channel."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from channels.outcome import Outcome, Rejected, Scope, TryLater
from channels.privacy import without

_ENHANCED = re.compile(r"^([245])\.(\d{1,3}\.\d{1,3})\b")


class Stage(StrEnum):
    """Where in the conversation the reply came."""

    CONNECT = "connect"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


# Subjects and details of RFC 3463 and IANA's registry, for permanent replies (5.x.x).
_ADDRESS: Final = frozenset(
    {"1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1", "3.2", "4.4", "7.13", "7.17", "7.18"}
)
_SENDER: Final = frozenset({"1.7", "1.8", "7.27"})
_LOGIN: Final = frozenset({"7.8", "7.9", "7.10", "7.11", "7.12", "7.14"})
_AUTHENTICATION: Final = frozenset({"7.20", "7.21", "7.22", "7.23", "7.24", "7.25", "7.26", "7.29"})
_LATER: Final = frozenset({"2.2", "3.1"})  # a full mailbox or disk is permanent only on paper
# Plain replies, where there is no enhanced code (RFC 5321, 4954, 7504, 7505).
_PLAIN: Final[Mapping[int, Scope]] = {
    432: Scope.CHANNEL,
    521: Scope.ADDRESS,
    525: Scope.CHANNEL,
    530: Scope.CHANNEL,
    534: Scope.CHANNEL,
    535: Scope.CHANNEL,
    538: Scope.CHANNEL,
    556: Scope.ADDRESS,
}
_BY_STAGE: Final[Mapping[Stage, Scope]] = {
    Stage.CONNECT: Scope.CHANNEL,
    Stage.AUTH: Scope.CHANNEL,
    Stage.MAIL: Scope.CHANNEL,
    Stage.RCPT: Scope.ADDRESS,
    Stage.DATA: Scope.MESSAGE,
}
_ABOUT_THE_ADDRESS: Final = frozenset({550, 551, 553})


def refusal(stage: Stage, reply_code: int, reply: bytes, *private: str) -> Outcome:
    """The outcome of a reply that is no acceptance."""
    words = reply.decode("utf-8", "replace")
    found = _ENHANCED.match(words)
    code = found[0] if found else str(reply_code)
    reason = without(f"{reply_code} {words}", *private)
    if scope := _scope(stage, reply_code, found[2] if found else ""):
        return Rejected(reason=reason, scope=scope, code=code)
    # A greylisted or full mailbox is the recipient's affair, not a sign that the relay is down; 421 is.
    return TryLater(reason=reason, code=code, provider_failed=stage is not Stage.RCPT or reply_code == 421)


def _scope(stage: Stage, reply_code: int, detail: str) -> Scope | None:
    """None means that a later try may work."""
    if reply_code == 432 or detail == "7.12":
        return Scope.CHANNEL
    if reply_code < 500 or detail in _LATER:
        return None
    if stage in {Stage.CONNECT, Stage.AUTH}:
        return Scope.CHANNEL  # nothing has been said of any message yet
    return _scope_by_detail(detail) or _scope_by_reply(stage, reply_code, detail)


def _scope_by_detail(detail: str) -> Scope | None:
    if detail in _SENDER | _LOGIN | _AUTHENTICATION:
        return Scope.CHANNEL
    if detail in _ADDRESS:
        return Scope.ADDRESS
    return None


def _scope_by_reply(stage: Stage, reply_code: int, detail: str) -> Scope:
    if not detail and reply_code in _PLAIN:
        return _PLAIN[reply_code]
    if stage is Stage.RCPT and (detail or reply_code not in _ABOUT_THE_ADDRESS):
        return Scope.MESSAGE  # policy or protocol, not a dead mailbox
    return _BY_STAGE[stage]
