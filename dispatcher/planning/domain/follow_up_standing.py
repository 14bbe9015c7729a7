"""Whether a message about an arrangement may be planned, and may still be sent: one answer for both gates."""

from collections.abc import Sequence
from datetime import date

from dispatcher.agreements.domain.agreed import Agreed
from dispatcher.agreements.domain.follow_ups import BEFORE, On, still_true
from dispatcher.gate.decision import Outcome, Reason
from dispatcher.people.domain.permission_facts import NO_DUE_NOTICES
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.planning.domain.standing import standing

_BY_AGREEMENT = frozenset({"promised", "arrangement"})  # that is what the message is about
_NOTHING_LEFT = frozenset({"paid", "covered-by-credit", "settled", "settled-by-agreement", "not-in-ledger"})
# Where nothing is asked for any more a dispute, and what else silences asking, has no ground.
_GOOD_NEWS = frozenset({On.KEPT})


def follow_up_standing(
    agreed: Agreed | None, on: On, instalment: int, debts: Sequence[DebtFile], person: PersonFile, today: date
) -> tuple[Reason, ...]:
    """All reasons to leave an event untold: it is no longer so, its debts are disputed, held or paid otherwise."""
    if agreed is None:
        return (_reason("arrangement-changed", "the arrangement is no longer on file"),)
    gone = still_true(agreed.terms, agreed.standing, on, instalment, today)
    found = [_reason("arrangement-changed", gone)] if gone else []
    if person.id not in {party.id for party in agreed.parties}:
        found.append(_reason("not-a-party", "only those who agreed are written to about it"))
    if on in BEFORE and any(wish.kind == NO_DUE_NOTICES for wish in person.wishes):
        found.append(_reason("prefers-none", "the person prefers no reminder before a payment"))
    if on in _GOOD_NEWS:
        return tuple(found)
    by_debt = [_of(debt, person, today) for debt in debts]
    asked = [reasons for reasons in by_debt if not any(reason.rule in _NOTHING_LEFT for reason in reasons)]
    for reasons in asked or by_debt:
        found += [reason for reason in reasons if reason not in found]
    return tuple(found)


def _of(debt: DebtFile, person: PersonFile, today: date) -> list[Reason]:
    return [
        reason for reason in standing(debt, person, None, None, today) if reason.rule not in _BY_AGREEMENT
    ]


def _reason(rule: str, detail: str) -> Reason:
    return Reason(
        pack="ledger",
        rule=rule,
        outcome=Outcome.BLOCK,
        reference="what was agreed, and what came in",
        detail=detail,
        status="policy",
        verified="own",
    )
