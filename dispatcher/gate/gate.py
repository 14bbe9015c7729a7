"""May we? One intended contact against all rules of all packs: a decision with every reason.

Block beats hold beats defer beats allow. A deferral is looked at again at its own instant until every rule
allows, so it never leads into a forbidden one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import product
from operator import attrgetter

from dispatcher.gate.act import Act
from dispatcher.gate.decision import Decision, Outcome, Reason, own_reason
from dispatcher.gate.elsewhere import unless_kept
from dispatcher.gate.facts import ContactFacts
from dispatcher.gate.guards.authorisation import ASKED_FOR, unauthorised
from dispatcher.gate.guards.guard import Refusal
from dispatcher.gate.law_read import unless_unread
from dispatcher.gate.rules import ALL_CHANNELS, ALL_KINDS, Rule, RulePack
from dispatcher.values.zones import DAY, UnknownZoneError, moment

HORIZON = 800 * DAY  # a contact that finds no instant in two years finds none
_MOST_ROUNDS = 500
GATE = "gate"
_AUTHORISED = "the channels that the debtor authorised"

Subject = Callable[[ContactFacts], object]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One rule of one pack; `rank` is its place among all, `by_arrears` whether the pack waits for arrears."""

    rank: int
    pack: RulePack
    rule: Rule
    by_arrears: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """The rules for one channel and kind: those always asked, and those asked where their subject is stated."""

    always: tuple[_Entry, ...]
    by_subject: tuple[tuple[Subject, tuple[_Entry, ...]], ...]

    def about(self, facts: ContactFacts) -> list[_Entry]:
        """The rules that may have something to say to these facts."""
        entries = list(self.always)
        for subject, some in self.by_subject:
            if subject(facts):
                entries += some
        action = facts.action
        return [entry for entry in entries if entry.rule.always or entry.rule.covers(action)]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The packs in order of their names, with the rules for each channel and kind."""

    stamps: tuple[str, ...]
    rules: dict[tuple[str, str], _Asked]


Found = tuple[_Entry, Refusal]


def decide(facts: ContactFacts, packs: tuple[RulePack, ...]) -> Decision:
    """The decision for one contact at `facts.now`. Pure: the same question under the same packs, the same answer."""
    decision = _by_rules(facts, packs)
    if facts.law is not None:
        decision = unless_unread(decision, facts, facts.law)
    return decision if facts.kept is None else unless_kept(decision, facts.kept)


def _by_rules(facts: ContactFacts, packs: tuple[RulePack, ...]) -> Decision:
    compiled = _compile(packs, facts.sender_role)
    if not facts.system.audit_log_writable:
        return _refused(
            compiled, Outcome.BLOCK, "audit-log", "the log cannot be written, so nothing may be sent"
        )
    try:
        act = Act(facts)
    except UnknownZoneError as error:
        return _refused(compiled, Outcome.HOLD, "time-zone", f"{error}; find out where the debtor is")
    asked = compiled.rules.get((act.action.channel, act.kind))
    if asked is None:
        detail = f"no such channel or kind: {act.action.channel}, {act.kind}"
        return _refused(compiled, Outcome.HOLD, "action", detail)
    if act.kind not in ASKED_FOR and (detail := unauthorised(act)):
        return _refused(compiled, Outcome.BLOCK, "authorised-channels", detail, _AUTHORISED)
    entries = asked.about(facts)
    found = _refusals(entries, act)
    if found:
        return _settle(compiled, entries, act, found)
    ends = min(_endings(entries, act), default=None)
    not_after = None if ends is None else moment(ends)
    return Decision(outcome=Outcome.ALLOW, not_after=not_after, packs=compiled.stamps)


def _refused(
    compiled: _Compiled, outcome: Outcome, rule: str, detail: str, reference: str = "fail closed"
) -> Decision:
    reason = own_reason(GATE, rule, outcome, reference, detail)
    return Decision(outcome=outcome, reasons=(reason,), packs=compiled.stamps)


@lru_cache(maxsize=1024)
def _compile(packs: tuple[RulePack, ...], role: str | None) -> _Compiled:
    """The packs made ready for senders of that role; the stamps name all that were asked."""
    ordered = sorted({pack.name: pack for pack in packs}.values(), key=lambda pack: pack.name)
    bound = (pack for pack in ordered if pack.binds.role(role))
    pairs = [(pack, rule) for pack in bound for rule in pack.rules if rule.role(role)]
    entries = [
        _Entry(rank, pack, rule, pack.binds.past_due_more_than is not None)
        for rank, (pack, rule) in enumerate(pairs)
    ]
    rules = {
        (channel, kind): _asked(entries, channel, kind) for channel, kind in product(ALL_CHANNELS, ALL_KINDS)
    }
    return _Compiled(tuple(pack.stamp for pack in ordered), rules)


def _asked(entries: list[_Entry], channel: str, kind: str) -> _Asked:
    subjects: dict[str | None, list[_Entry]] = {}
    for entry in entries:
        if channel in entry.rule.channels and kind in entry.rule.kinds:
            subjects.setdefault(entry.rule.guard.subject, []).append(entry)
    return _Asked(
        always=tuple(subjects.pop(None, ())),
        by_subject=tuple((attrgetter(path), tuple(some)) for path, some in subjects.items() if path),
    )


def _refusals(entries: list[_Entry], act: Act) -> list[Found]:
    """What refuses at the act's instant, in the order of packs and rules."""
    found: list[Found] = []
    for entry in entries:
        if entry.by_arrears and not entry.pack.binds.arrears(act):
            continue
        refusal = entry.rule.refuse(act)
        if refusal is not None:
            found.append((entry, refusal))
    if len(found) > 1:
        found.sort(key=_rank)
    return found


def _rank(found: Found) -> int:
    return found[0].rank


def _settle(compiled: _Compiled, entries: list[_Entry], act: Act, found: list[Found]) -> Decision:
    """Look again at each deferral's instant until all allow; a hold or block on the way stands."""
    reasons: dict[int, Reason] = {}
    at, rounds = act.at, 0
    while found:
        reasons.update({entry.rank: _reason(entry, refusal) for entry, refusal in found})
        worst = max((refusal.outcome for _, refusal in found), key=lambda outcome: outcome.precedence)
        if worst is not Outcome.DEFER:
            return _decision(compiled, worst, reasons)
        following = max(refusal.not_before or 0 for _, refusal in found)
        rounds += 1
        if following <= at or following > act.now + HORIZON or rounds > _MOST_ROUNDS:
            return _never(compiled, reasons)
        at = following
        found = _refusals(entries, act.moved(at))
    return _decision(compiled, Outcome.DEFER, reasons, moment(at))


def _decision(
    compiled: _Compiled, outcome: Outcome, reasons: dict[int, Reason], not_before: datetime | None = None
) -> Decision:
    ordered = tuple(reasons[rank] for rank in sorted(reasons))
    return Decision(outcome=outcome, not_before=not_before, reasons=ordered, packs=compiled.stamps)


def _never(compiled: _Compiled, reasons: dict[int, Reason]) -> Decision:
    """The rules together leave no instant: only a new fact can help."""
    refused = _refused(
        compiled, Outcome.BLOCK, "no-instant", "the rules together leave no instant in two years"
    )
    known = tuple(reasons[rank] for rank in sorted(reasons))
    return Decision(outcome=Outcome.BLOCK, reasons=(*known, *refused.reasons), packs=compiled.stamps)


def _reason(entry: _Entry, refusal: Refusal) -> Reason:
    rule = entry.rule
    return Reason(
        pack=entry.pack.name.lower(),
        rule=rule.id,
        outcome=refusal.outcome,
        reference=rule.reference.title,
        link=rule.reference.link,
        detail=refusal.detail,
        not_before=None if refusal.not_before is None else moment(refusal.not_before),
        status=rule.status,
        verified=rule.verified,
        inputs=refusal.inputs,
    )


def _endings(entries: list[_Entry], act: Act) -> Iterator[int]:
    """The instants at which a rule would end what all allow now."""
    for entry in entries:
        rule = entry.rule
        if entry.by_arrears and not entry.pack.binds.arrears(act):
            yield from _ending_once_bound(entry, act)
        elif rule.may_end or rule.from_day > act.last_day:
            ends = rule.open_until(act)
            if ends is not None:
                yield ends


def _ending_once_bound(entry: _Entry, act: Act) -> Iterator[int]:
    """The same for a pack that stays silent until the debt is old enough."""
    days, least = act.past_due_days(), entry.pack.binds.past_due_more_than
    if days is None or least is None:
        return
    bound = act.moved(act.when_day_may_begin(act.last_day + least + 1 - days))
    ends = bound.at if entry.rule.refuse(bound) is not None else entry.rule.open_until(bound)
    if ends is not None:
        yield ends
