"""What is known of the debts of a message: how old, whether barred, and which notices went before."""

from collections.abc import Sequence
from datetime import date

from dispatcher.gate.facts import NOTHING_ON_FILE, DateOnFile, DebtFacts
from dispatcher.people.domain.person import DebtFile, Notice, PersonFile
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
        transfer_notice_sent=notice_date(person, debts, ("transfer",)) if purchased else None,
    )


def notice_date(person: PersonFile, debts: Sequence[DebtFile], kinds: Sequence[str]) -> DateOnFile:
    """The date by which every debt of the message had its notice."""
    found = _deciding(person, debts, kinds)
    return NOTHING_ON_FILE if found is None or found.returned else found.sent_on


def _deciding(person: PersonFile, debts: Sequence[DebtFile], kinds: Sequence[str]) -> Notice | None:
    """Of the notices of each debt the one on which the contact waits longest; None: a debt has had none."""
    each = [_notice_of(person, debt, kinds) for debt in debts]
    known = [notice for notice in each if notice is not None]
    if not known or len(known) < len(each):
        return None
    return max(
        known, key=lambda notice: (notice.returned, notice.received_on or notice.sent_on, notice.sent_on)
    )


def _notice_of(person: PersonFile, debt: DebtFile, kinds: Sequence[str]) -> Notice | None:
    """The first that arrived, as far as anybody knows; else the last that came back."""
    sent = [n for n in person.notices if n.kind in kinds and n.debt_id in (None, debt.id)]
    if "first_written" in kinds and debt.notice_sent_on is not None:
        sent.append(Notice(kind="first_written", debt_id=debt.id, sent_on=debt.notice_sent_on))
    arrived = [notice for notice in sent if not notice.returned]
    if arrived:
        return min(arrived, key=lambda notice: notice.sent_on)
    return max(sent, key=lambda notice: notice.sent_on, default=None)


def notice_owed(person: PersonFile, debts: Sequence[DebtFile], on: date) -> bool:
    """Whether a notice of law about one of the debts came back and none has arrived, or its period still runs."""
    end = validation_end(person, debts)
    kinds = {notice.kind for notice in person.notices}
    newest = (_notice_of(person, debt, (kind,)) for debt in debts for kind in kinds)
    return (end is not None and on <= end) or any(notice is not None and notice.returned for notice in newest)


def first_notice(person: PersonFile, debts: Sequence[DebtFile]) -> Notice | None:
    """The first notice that the law wants of the debts of the message; None: one of them has had none."""
    return _deciding(person, debts, ("first_written", "validation", "written"))


def validation_end(person: PersonFile, debts: Sequence[DebtFile]) -> date | None:
    """The last day of the period in which these debts may be disputed; None: no notice opened one."""
    ends = [
        a_date(n.details.get("validation_period_end"))
        for n in person.notices
        if n.kind == "validation" and (n.debt_id is None or any(n.debt_id == d.id for d in debts))
    ]
    return max((end for end in ends if end), default=None)
