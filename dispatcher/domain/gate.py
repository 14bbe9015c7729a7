"""May we? One intended contact against all rules of all packs: a decision with every reason.

Block beats hold beats defer beats allow. A deferral is looked at again at its own instant until every rule
allows, so it never leads into a forbidden one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import product

from dispatcher.domain.act import Act
from dispatcher.domain.decision import Decision, Outcome, Reason
from dispatcher.domain.facts import ContactFacts
from dispatcher.domain.guards.guard import Refusal
from dispatcher.domain.rules import ALL_CHANNELS, ALL_KINDS, Rule, RulePack
from dispatcher.domain.zones import DAY, UnknownZoneError, moment

HORIZON = 800 * DAY  # a contact that finds no instant in two years finds none
_MOST_ROUNDS = 500
GATE = "gate"

Found = tuple[RulePack, Rule, Refusal]
Asked = tuple[tuple[RulePack, tuple[Rule, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The packs in order of their names, with the rules for each channel and kind."""

    packs: tuple[RulePack, ...]
    stamps: tuple[str, ...]
    rules: dict[tuple[str, str], Asked]


def decide(facts: ContactFacts, packs: tuple[RulePack, ...]) -> Decision:
    """The decision for one contact at `facts.now` under the packs given. Pure: the same question, the same answer."""
    compiled = _compile(packs)
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
        return _refused(
            compiled, Outcome.HOLD, "action", f"no such channel or kind: {act.action.channel}, {act.kind}"
        )
    bound = tuple((pack, rules) for pack, rules in asked if pack.binds.role(facts.sender_role))
    found = _refusals(bound, act)
    if not found:
        return Decision(outcome=Outcome.ALLOW, not_after=_not_after(bound, act), packs=compiled.stamps)
    return _settle(compiled, bound, act, found)


def _refused(compiled: _Compiled, outcome: Outcome, rule: str, detail: str) -> Decision:
    reason = Reason(
        pack=GATE,
        rule=rule,
        outcome=outcome,
        reference="fail closed",
        detail=detail,
        status="policy",
        verified="official",
    )
    return Decision(outcome=outcome, reasons=(reason,), packs=compiled.stamps)


@lru_cache(maxsize=512)
def _compile(packs: tuple[RulePack, ...]) -> _Compiled:
    ordered = tuple(sorted({pack.name: pack for pack in packs}.values(), key=lambda pack: pack.name))
    acts = product(ALL_CHANNELS, ALL_KINDS)
    rules = {act: tuple((pack, _rules_for(pack, *act)) for pack in ordered) for act in acts}
    return _Compiled(ordered, tuple(pack.stamp for pack in ordered), rules)


def _rules_for(pack: RulePack, channel: str, kind: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in pack.rules if channel in rule.channels and kind in rule.kinds)


def _refusals(bound: Asked, act: Act) -> list[Found]:
    found: list[Found] = []
    for pack, rules in bound:
        if pack.binds.past_due_more_than is not None and not pack.binds.arrears(act):
            continue
        for rule in rules:
            refusal = rule.refuse(act)
            if refusal is not None:
                found.append((pack, rule, refusal))
    return found


def _settle(compiled: _Compiled, bound: Asked, act: Act, found: list[Found]) -> Decision:
    reasons: dict[tuple[str, str], Reason] = {}
    at, rounds = act.at, 0
    while found:
        reasons.update({(pack.name, rule.id): _reason(pack, rule, refusal) for pack, rule, refusal in found})
        worst = max((refusal.outcome for _, _, refusal in found), key=lambda outcome: outcome.precedence)
        if worst is not Outcome.DEFER:
            return Decision(outcome=worst, reasons=tuple(reasons.values()), packs=compiled.stamps)
        following = max(refusal.not_before or 0 for _, _, refusal in found)
        rounds += 1
        if following <= at or following > act.now + HORIZON or rounds > _MOST_ROUNDS:
            never = _refused(
                compiled, Outcome.BLOCK, "no-instant", "the rules together leave no instant in two years"
            )
            return Decision(
                outcome=Outcome.BLOCK, reasons=(*reasons.values(), *never.reasons), packs=compiled.stamps
            )
        at = following
        found = _refusals(bound, act.moved(at))
    return Decision(
        outcome=Outcome.DEFER, not_before=moment(at), reasons=tuple(reasons.values()), packs=compiled.stamps
    )


def _reason(pack: RulePack, rule: Rule, refusal: Refusal) -> Reason:
    return Reason(
        pack=pack.name.lower(),
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


def _not_after(bound: Asked, act: Act) -> datetime | None:
    ends = min(_endings(bound, act), default=None)
    return None if ends is None else moment(ends)


def _endings(bound: Asked, act: Act) -> Iterator[int]:
    for pack, rules in bound:
        binding = act if pack.binds.arrears(act) else _when_bound(pack, act)
        if binding is None:
            continue
        for rule in rules:
            if binding.at > act.at and rule.refuse(binding) is not None:
                yield binding.at
            elif (ends := rule.open_until(binding)) is not None:
                yield ends


def _when_bound(pack: RulePack, act: Act) -> Act | None:
    """The act at the instant at which the debt grows old enough for the pack."""
    days, least = act.past_due_days(), pack.binds.past_due_more_than
    if days is None or least is None:
        return None
    return act.moved(act.when_day_may_begin(act.last_day + least + 1 - days))
