"""What is known of the debts of a message: how old, whether barred, and which notices went before."""

from collections.abc import Sequence
from datetime import date

from dispatcher.gate.facts import NOTHING_ON_FILE, DateOnFile, DebtFacts
from dispatcher.people.domain.person import DebtFile, PersonFile
from dispatcher.planning.domain.intended import IntendedContact
from dispatcher.planning.domain.statuses import a_date


def debt_facts(contact: IntendedContact, today: date) -> DebtFacts:
    """Of several debts in one message the latest due date, the fewest days past due and any bar decide."""
    person, debts = contact.person, contact.debts
    if not debts:
        return DebtFacts()
    roles = {contact.sender_role, *(debt.sender_role for debt in debts)}
    purchased = bool(roles & {"debt_buyer", "credit_purchaser"})
    return DebtFacts(
        due=max(debt.due_date for debt in debts),
        time_barred=any(debt.is_barred(today) for debt in debts),
        bar_unknown=any(debt.time_barred_on is None for debt in debts),
        acquired_by_credit_purchaser=purchased,
        transfer_notice_sent=_notice(person, debts, ("transfer",)) if purchased else None,
    )


def _notice(person: PersonFile, debts: Sequence[DebtFile], kinds: Sequence[str]) -> DateOnFile:
    """The date by which every debt of the message had its notice."""
    dates = [_notice_of(person, debt, kinds) for debt in debts]
    known = [day for day in dates if day is not None]
    return max(known) if known and len(known) == len(dates) else NOTHING_ON_FILE


def _notice_of(person: PersonFile, debt: DebtFile, kinds: Sequence[str]) -> date | None:
    sent = [n.sent_on for n in person.notices if n.kind in kinds and n.debt_id in (None, debt.id)]
    if "first_written" in kinds and debt.notice_sent_on is not None:
        sent.append(debt.notice_sent_on)
    return min(sent, default=None)


def first_notice(person: PersonFile, debts: Sequence[DebtFile]) -> DateOnFile:
    """The day by which every debt of the message had the first notice that the law wants."""
    return _notice(person, debts, ("first_written", "validation", "written")) if debts else None


def validation_end(person: PersonFile, debts: Sequence[DebtFile]) -> date | None:
    """The last day of the period in which these debts may be disputed; None: no notice opened one."""
    ends = [
        a_date(n.details.get("validation_period_end"))
        for n in person.notices
        if n.kind == "validation" and (n.debt_id is None or any(n.debt_id == d.id for d in debts))
    ]
    return max((end for end in ends if end), default=None)
