"""Opt-outs honoured at once, per address or medium, with the one confirmation and the one reply that are allowed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dispatcher.gate.act import Act, medium, medium_in_words
from dispatcher.gate.facts import Channel, Kind, OptOut
from dispatcher.gate.guards.guard import Guard, Refusal, block, hold
from dispatcher.gate.guards.replies import invited_at
from dispatcher.values.zones import instant

EVERYTHING = frozenset({"all", "person", "everything"})
TELEPHONE = frozenset({"call", "sms"})
_BETWEEN_DIGITS = re.compile(r"[\s+().\-/]+")
_NATIONAL_DIGITS = 9  # so many digits without the country's are taken for the same number


@dataclass(frozen=True, kw_only=True, slots=True)
class OptOuts(Guard):
    """No contact by a medium or at an address that the debtor stopped; an unclear answer holds.

    `replies`: kinds that may answer once a debtor who came by the stopped medium afterwards.
    """

    replies: frozenset[str] = frozenset()

    def refuse(self, act: Act) -> Refusal | None:
        """A block while a matching opt-out stands."""
        facts = act.facts
        stop = _latest(s for s in facts.opt_outs if in_force(s, act.at) and _stops(s, act))
        if stop is not None and not self._is_reply(act, stop):
            return block(f"the debtor stopped {_named(stop)}", on=stop.at)
        if act.action.opted_out:
            return block("the debtor opted this address out")
        if facts.unclear_replies:
            return hold("an answer of the debtor waits to be read by a person")
        return None

    def open_until(self, act: Act) -> int | None:
        """The instant of an opt-out that is dated later."""
        later = (instant(stop.at) for stop in act.facts.opt_outs if stop.at and _stops(stop, act))
        return min((at for at in later if at > act.at), default=None)

    def _is_reply(self, act: Act, stop: OptOut) -> bool:
        if act.kind not in self.replies:
            return False
        invitation = invited_at(act)
        return invitation is not None and (stop.at is None or invitation > instant(stop.at))


def _latest(stops: Iterable[OptOut]) -> OptOut | None:
    """The one that stands last, whatever their order."""
    return max(
        stops,
        key=lambda s: (instant(s.at) if s.at else 0, s.address or "", s.medium or "", s.raw or ""),
        default=None,
    )


def in_force(stop: OptOut, at: int) -> bool:
    """Whether the opt-out had been made by then."""
    return stop.at is None or instant(stop.at) <= at


def same_address(stop: OptOut, act: Act) -> bool:
    """Whether the opt-out names the act's address, or either of them names none.

    A letter names none, and is not sent to the number or mailbox that was stopped without a word of letters.
    """
    if stop.address is None:
        return True
    if act.action.to is None:
        return act.action.channel != Channel.LETTER or stop.medium is not None
    stopped, used = stop.address.strip().casefold(), act.action.to.strip().casefold()
    return stopped == used or ("@" not in used and _same_number(_digits(stopped), _digits(used)))


def _digits(address: str) -> str:
    """The digits of a number however it is written, without zeros ahead; of anything else nothing."""
    digits = _BETWEEN_DIGITS.sub("", address)
    return digits.lstrip("0") if digits.isdecimal() else ""


def _same_number(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _NATIONAL_DIGITS and longer.endswith(shorter)


def _stops(stop: OptOut, act: Act) -> bool:
    if stop.scope in EVERYTHING:
        return True
    if stop.scope == "medium" and stop.medium:
        return medium(stop.medium) == medium(act.action.channel)
    if stop.medium is not None and medium(stop.medium) != medium(act.action.channel):
        return False
    return same_address(stop, act)


def _named(stop: OptOut) -> str:
    """In words for the log, which holds neither addresses nor what was said."""
    if stop.scope in EVERYTHING:
        return "all contact"
    at = " at this address" if stop.address and stop.scope != "medium" else ""
    return f"{medium_in_words(stop.medium) if stop.medium else 'contact'}{at}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RevokedConsent(Guard):
    """A stop revokes consent to autodialled texts and to autodialled, prerecorded or artificial-voice calls alike.

    `every_number`: it does so for all numbers and matters of the person, not just the one it came from.
    """

    every_number: bool = False

    def refuse(self, act: Act) -> Refusal | None:
        """A block from the moment of the revocation."""
        if not is_automated(act):
            return None
        stop = _latest(s for s in act.facts.opt_outs if in_force(s, act.at) and self._revokes(s, act))
        if stop is not None:
            return block("consent to automated calls and texts was revoked", on=stop.at)
        if act.facts.unclear_replies:
            return hold("an answer that may revoke consent waits to be read by a person")
        return None

    def open_until(self, act: Act) -> int | None:
        """The instant of a revocation that is dated later."""
        later = (
            instant(s.at) for s in act.facts.opt_outs if s.at and self._revokes(s, act) and is_automated(act)
        )
        return min((at for at in later if at > act.at), default=None)

    def _revokes(self, stop: OptOut, act: Act) -> bool:
        if stop.scope in EVERYTHING:
            return True
        telephone = stop.medium is None or medium(stop.medium) in TELEPHONE
        return telephone and (self.every_number or stop.scope == "medium" or same_address(stop, act))


def is_automated(act: Act) -> bool:
    """Whether a machine dials, texts or speaks; a text is automated unless the facts say otherwise."""
    action = act.action
    if action.autodialled is None and action.channel == Channel.SMS:
        return True
    return bool(action.autodialled or action.prerecorded or action.ai_voice)


@dataclass(frozen=True, kw_only=True, slots=True)
class OptOutConfirmation(Guard):
    """One confirmation of an opt-out, saying only that.

    `within_minutes`: after the opt-out, where the law presumes consent for so long. `may_ask_scope`: it may ask
    what the stop is meant for.
    """

    within_minutes: int | None = None
    may_ask_scope: bool = False

    def refuse(self, act: Act) -> Refusal | None:
        """A block for a second, a late or a talkative confirmation."""
        if act.kind != Kind.OPTOUT_CONFIRMATION:
            return None
        stopped = max(_stopped_at(act), default=None)
        if any(
            p.entry.kind == Kind.OPTOUT_CONFIRMATION and (stopped is None or p.at >= stopped)
            for p in act.history
        ):
            return block("the opt-out was confirmed already; one confirmation is all")
        late = (
            stopped is not None
            and self.within_minutes is not None
            and act.at > stopped + self.within_minutes * 60
        )
        if late:
            return block(f"more than {self.within_minutes} minutes after the opt-out")
        surplus = self._surplus(act)
        return block(f"the confirmation holds more than the confirmation: {surplus}") if surplus else None

    def open_until(self, act: Act) -> int | None:
        """The end of the minutes allowed."""
        stopped = max(_stopped_at(act), default=None)
        if act.kind != Kind.OPTOUT_CONFIRMATION or stopped is None or self.within_minutes is None:
            return None
        return stopped + self.within_minutes * 60 + 1

    def _surplus(self, act: Act) -> str:
        content = act.action.content
        if content is None:
            return ""
        found = [part for part in (*content.extra, *content.other_content) if not self._may(part)]
        found += ["marketing"] * content.marketing + ["no confirmation"] * (content.confirms is False)
        found += ["a question about the scope"] * (content.asks_scope and not self.may_ask_scope)
        only_asks = self.may_ask_scope and content.asks_scope
        found += ["other content"] * (content.only_confirms_optout is False and not only_asks)
        return ", ".join(found)

    def _may(self, part: str) -> bool:
        return self.may_ask_scope and any(mark in part.casefold() for mark in ("scope", "clarif"))


def _stopped_at(act: Act) -> Iterator[int]:
    yield from (instant(stop.at) for stop in act.facts.opt_outs if stop.at and instant(stop.at) <= act.at)
