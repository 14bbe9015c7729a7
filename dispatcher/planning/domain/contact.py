"""Turns a person's file and an intended message into the contact facts that the gate judges."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from channels.kind import ChannelKind
from dispatcher.gate.facts import (
    NOTHING_ON_FILE,
    Action,
    ContactFacts,
    ContentFindings,
    HistoryEntry,
    InconvenientTime,
    Recipient,
    Statement,
    SystemFacts,
    Workplace,
    ZoneCandidate,
)
from dispatcher.people.domain.person import DebtFile, Hold, PersonFile, gate_kind
from dispatcher.planning.domain.intended import IntendedContact
from dispatcher.planning.domain.notices import debt_facts, first_notice, notice_date, validation_end
from dispatcher.planning.domain.permission import (
    address_basis,
    call_consent,
    consent,
    email_consent,
    employer_provided,
    number_basis,
    used_by_consumer,
)
from dispatcher.planning.domain.statuses import (
    a_date,
    attorney,
    breathing_space,
    cease,
    co_debtors,
    deceased,
    dispute,
    elsewhere,
    happened,
    has_come,
    holds_any,
    original_creditor_request,
    stops,
    written_notice,
)
from dispatcher.values.validation_period import VALIDATION


def contact_facts(
    contact: IntendedContact,
    *,
    now: datetime,
    zones: tuple[ZoneCandidate, ...],
    content: ContentFindings | None = None,
    earlier: Sequence[HistoryEntry] = (),
    log_writable: bool = True,
) -> ContactFacts:
    """The facts as the gate takes them; `earlier` are contacts decided in the same breath."""
    person, debts = contact.person, contact.debts
    holds = [h for h in person.holds if h.holds_on(now.date()) and _concerns(h, debts)]
    return ContactFacts(
        now=now,
        action=_action(contact, content, now),
        zones=zones,
        history=(*happened(person.history, now), *earlier),
        opt_outs=stops(person.opt_outs, now),
        inconvenient_times=_times(person),
        inconvenient_places=tuple(str(w.details["place"]) for w in person.wishes if w.kind == "place"),
        statements=tuple(
            Statement(text=str(w.details.get("text", "")), at=w.recorded_at)
            for w in person.wishes
            if w.kind == "statement"
        ),
        attorney=attorney(person, holds),
        cease=cease(person, holds, now),
        refusal_to_pay=written_notice(holds, "refusal", now),
        dispute=dispute(holds, now),
        original_creditor_request=original_creditor_request(holds, now),
        bankruptcy_pending=has_come(person.bankrupt_on, now) or holds_any(holds, "bankruptcy"),
        breathing_space_until=breathing_space(person, holds),
        co_debtors=co_debtors(person, debts, now),
        workplace=_workplace(person),
        debt=debt_facts(contact, now.date()),
        debt_groups=_debt_groups(person),
        validation_period_end=validation_end(person, debts),
        **_first_notice(person, debts),
        validation_notice_sent=notice_date(person, debts, (VALIDATION,)) if debts else None,
        authorised_channels=contact.person.authorised_channels,
        call_consent=call_consent(person),
        email_consent=email_consent(contact),
        sender_role=contact.sender_role,
        first_contact=person.is_first_contact(contact.as_of or now.date()),
        said=person.said_before(contact.as_of or now.date()),
        elsewhere=elsewhere(person, now),
        system=SystemFacts(audit_log_writable=log_writable),
    )


def _first_notice(person: PersonFile, debts: Sequence[DebtFile]) -> dict[str, Any]:
    if not debts:
        return {}
    notice = first_notice(person, debts)
    if notice is None:
        return {"notice_sent": NOTHING_ON_FILE}
    return {
        "notice_sent": notice.sent_on,
        "notice_received": notice.received_on,
        "notice_channel": notice.channel or None,
        "notice_returned": notice.returned,
    }


def _action(contact: IntendedContact, content: ContentFindings | None, now: datetime) -> Action:
    person, point = contact.person, contact.point
    return Action(
        channel=contact.channel.value,
        kind=gate_kind(contact.kind, contact.notice),
        to=point.address if point else None,
        debts=tuple(debt.reference for debt in contact.debts),
        line="mobile" if contact.channel is ChannelKind.SMS else None,
        address_place=_place(contact),
        addressee=person.name or None if person.kind == "person" else None,
        recipient=Recipient(
            relation=contact.relation, consumer_deceased=deceased(person, person.holds) or None
        ),
        address_basis=address_basis(contact) if contact.channel is ChannelKind.EMAIL else None,
        number_basis=number_basis(contact) if contact.channel is ChannelKind.SMS else None,
        employer_provided=employer_provided(contact),
        consumer_used_it_with_collector=used_by_consumer(contact),
        consent=consent(contact),
        in_initial_communication=person.is_first_contact(contact.as_of or now.date())
        if contact.notice == VALIDATION
        else None,
        notice=contact.notice or None,
        esign_consent=any(c.kind == "esign" for c in person.consents),
        approved_form=False,  # no authority's approvals are kept
        content=content,
    )


def _place(contact: IntendedContact) -> str | None:
    """The place an address is tied to: letters to people go home; mobiles and private mailboxes to no place."""
    if contact.point is None:
        return "home" if contact.person.kind == "person" else None
    return "workplace" if contact.point.label == "work" else None


def _concerns(hold: Hold, debts: Sequence[DebtFile]) -> bool:
    return hold.debt_id is None or any(debt.id == hold.debt_id for debt in debts)


def _times(person: PersonFile) -> tuple[InconvenientTime, ...]:
    return tuple(
        InconvenientTime(
            days=tuple(w.details.get("days", ())),
            since=str(w.details.get("from", "00:00")),
            until=str(w.details.get("to", "24:00")),
            source=str(w.details.get("source", "consumer_statement")),
        )
        for w in person.wishes
        if w.kind == "time"
    )


def _workplace(person: PersonFile) -> Workplace | None:
    wish = next((w for w in person.wishes if w.kind == "workplace"), None)
    if wish is None:
        return None
    return Workplace(
        employer_prohibits=bool(wish.details.get("employer_prohibits", False)),
        oral_request=a_date(wish.details.get("oral_request")),
        written_confirmation=a_date(wish.details.get("written_confirmation")),
    )


def _debt_groups(person: PersonFile) -> dict[str, tuple[str, ...]]:
    return {
        str(w.details["account"]): tuple(w.details.get("debts", ()))
        for w in person.wishes
        if w.kind == "debt_group"
    }
