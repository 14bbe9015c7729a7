"""Turns a person's file and an intended message into the contact facts that the gate judges."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from channels.kind import ChannelKind, Medium
from dispatcher.gate.facts import (
    NOTHING_ON_FILE,
    Action,
    AddressBasis,
    Attorney,
    CallConsent,
    Cease,
    CoDebtorFacts,
    ContactFacts,
    ContentFindings,
    DateOnFile,
    DebtFacts,
    Dispute,
    HistoryEntry,
    InconvenientTime,
    NumberBasis,
    OptOut,
    OriginalCreditorRequest,
    Recipient,
    Statement,
    SystemFacts,
    Workplace,
    ZoneCandidate,
)
from dispatcher.people.domain.person import Consent, ContactPoint, DebtFile, Hold, PersonFile
from dispatcher.values.phone import number_plan, plan_key
from dispatcher.values.whereabouts import PlaceTable, candidate_zones
from dispatcher.values.written_address import address_key

_KINDS = {"notice": "legally_required_notice"}  # a strategy's word for the law's
_CLOCK_BEHIND = timedelta(days=1)
_PHONE_LABELS = {"home": "home", "mobile": "mobile", "work": "work"}


@dataclass(frozen=True, kw_only=True, slots=True)
class IntendedContact:
    """One message that might go out: to whom, about what, how, when."""

    person: PersonFile
    debts: tuple[DebtFile, ...]
    channel: Medium
    kind: str
    point: ContactPoint | None  # None: a letter to the postal address
    relation: str = "debtor"
    sender_role: str = "original_creditor"
    employer_domains: tuple[str, ...] = ()
    as_of: date | None = None  # the run's day; None: the day of the decision


def reachable_points(person: PersonFile, channel: Medium) -> tuple[ContactPoint | None, ...]:
    """The addresses that a channel may use, in order; a letter's is None. Empty: not reachable on it."""
    if channel is ChannelKind.LETTER:
        came_back = {p.address for p in person.contact_points if p.medium == "post" and p.closed_reason}
        complete = person.address_lines and person.city
        return (None,) if complete and person.postal_text not in came_back else ()
    medium = "email" if channel is ChannelKind.EMAIL else "phone"
    points = [p for p in person.contact_points if p.medium == medium and not p.closed_reason]
    if channel is ChannelKind.SMS:
        plans = [(p, number_plan(plan_key(p.address))) for p in points]
        points = [p for p, plan in plans if plan.line != "landline" and plan.texts]
    return tuple(points)


def zones_of(person: PersonFile, point: ContactPoint | None, places: PlaceTable) -> tuple[ZoneCandidate, ...]:
    """Every zone the file suggests: the address, and every number of the person, whatever the channel."""
    phones: list[ContactPoint | None] = [p for p in person.contact_points if p.medium == "phone"] or [None]
    if point is not None and point.medium == "phone" and point not in phones:
        phones.append(point)
    found = {
        candidate
        for phone in phones
        for candidate in candidate_zones(
            places,
            country=person.country,
            region=person.region,
            city=person.city,
            postal_code=person.postal_code,
            phone_e164=phone.address if phone else None,
            phone_label=_PHONE_LABELS.get(phone.label) if phone else None,  # type: ignore[arg-type]  # three literals
            stated_zone=person.time_zone or None,
        )
    }
    ordered = sorted(found, key=lambda c: (c.zone, c.source))
    known = (ZoneCandidate(source=c.source, zone=c.zone, authoritative=c.authoritative) for c in ordered)
    return (*known, *_stated_zones(person))


def _stated_zones(person: PersonFile) -> tuple[ZoneCandidate, ...]:
    """Where the debtor said they are; the newest word counts."""
    said = [wish.details for wish in person.wishes if wish.kind == "zone"]
    return tuple(
        ZoneCandidate(
            source="consumer_statement",
            zone=str(d["zone"]),
            authoritative=bool(d.get("authoritative", False)),
        )
        for d in said[-1:]
    )


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
        action=_action(contact, content),
        zones=zones,
        history=(*_happened(person.history, now), *earlier),
        opt_outs=tuple(
            OptOut(
                address=o.address or None,
                medium=o.medium or None,
                scope=o.scope or None,
                at=min(o.at, now),
                raw=o.raw or None,
            )
            for o in person.opt_outs
        ),
        inconvenient_times=_times(person),
        inconvenient_places=tuple(str(w.details["place"]) for w in person.wishes if w.kind == "place"),
        statements=tuple(
            Statement(text=str(w.details.get("text", "")), at=w.recorded_at)
            for w in person.wishes
            if w.kind == "statement"
        ),
        attorney=_attorney(person, holds),
        cease=_cease(person, holds, now),
        refusal_to_pay=_written(holds, "refusal", now),
        dispute=_dispute(holds, now),
        original_creditor_request=_original_creditor_request(holds, now),
        bankruptcy_pending=_by(person.bankrupt_on, now) or _any(holds, "bankruptcy"),
        breathing_space_until=_breathing_space(person, holds),
        co_debtors=_co_debtors(person, debts, now),
        workplace=_workplace(person),
        debt=_debt_facts(contact, now.date()),
        debt_groups=_debt_groups(person),
        validation_period_end=_validation_end(person, debts),
        notice_sent=_first_notice(person, debts),
        authorised_channels=contact.person.authorised_channels,
        call_consent=_call_consent(person),
        email_consent=_email_consent(contact),
        sender_role=contact.sender_role,
        first_contact=person.is_first_contact(contact.as_of or now.date()),
        said=person.said_before(contact.as_of or now.date()),
        system=SystemFacts(audit_log_writable=log_writable),
    )


def _happened(history: tuple[HistoryEntry, ...], now: datetime) -> tuple[HistoryEntry, ...]:
    """What is on record has happened, also where this clock is behind the one that recorded it, by a day at most."""
    if all(entry.at <= now for entry in history):
        return history
    return tuple(replace(e, at=now) if now < e.at <= now + _CLOCK_BEHIND else e for e in history)


def _action(contact: IntendedContact, content: ContentFindings | None) -> Action:
    person, point = contact.person, contact.point
    deceased = person.deceased_on is not None or _any(person.holds, "deceased")
    return Action(
        channel=contact.channel.value,
        kind=_KINDS.get(contact.kind, contact.kind),
        to=point.address if point else None,
        debts=tuple(debt.reference for debt in contact.debts),
        line="mobile" if contact.channel is ChannelKind.SMS else None,
        address_place=_place(contact),
        addressee=person.name or None if person.kind == "person" else None,
        recipient=Recipient(relation=contact.relation, consumer_deceased=True if deceased else None),
        address_basis=_address_basis(contact) if contact.channel is ChannelKind.EMAIL else None,
        number_basis=_number_basis(contact) if contact.channel is ChannelKind.SMS else None,
        employer_provided=_employer_provided(contact),
        consumer_used_it_with_collector=_used_by_consumer(contact),
        consent=_consent(contact),
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


def _any(holds: Sequence[Hold], kind: str) -> bool:
    return any(hold.kind == kind for hold in holds)


def _first(holds: Sequence[Hold], kind: str) -> Hold | None:
    return next((hold for hold in holds if hold.kind == kind), None)


def _by(day: date | None, now: datetime) -> bool:
    return day is not None and day <= now.date()


def _begun(day: date, now: datetime) -> datetime:
    """The start of a day; what is on record has happened, also for a run on an earlier day's clock."""
    return min(datetime.combine(day, time(), UTC), now)


def _date(value: object) -> date | None:
    return date.fromisoformat(str(value)[:10]) if value else None


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


def _attorney(person: PersonFile, holds: Sequence[Hold]) -> Attorney | None:
    hold = _first(holds, "attorney")
    if hold is not None:
        return Attorney(
            represented=True,
            contact_known=bool(hold.details.get("contact_known", True)),
            unresponsive=bool(hold.details.get("unresponsive", False)),
            consented_to_direct_contact=bool(hold.details.get("consented_to_direct_contact", False)),
        )
    return Attorney() if person.represented_by else None


def _cease(person: PersonFile, holds: Sequence[Hold], now: datetime) -> Cease | None:
    if person.cease_received_on is not None:
        return Cease(received=_begun(person.cease_received_on, now), form="letter")
    return _written(holds, "cease", now)


def _written(holds: Sequence[Hold], kind: str, now: datetime) -> Cease | None:
    hold = _first(holds, kind)
    if hold is None:
        return None
    accepted = hold.details.get("medium_accepted")
    return Cease(
        received=_begun(hold.starts_on, now),
        form=str(hold.details.get("form", "letter")),
        medium_accepted=None if accepted is None else bool(accepted),
    )


def _dispute(holds: Sequence[Hold], now: datetime) -> Dispute | None:
    hold = _first(holds, "dispute")
    if hold is None:
        return None
    return Dispute(
        received=_begun(hold.starts_on, now).date(),
        form=str(hold.details.get("form", "letter")),
        validation_period_end=_date(hold.details.get("validation_period_end")),
        verification_sent=_date(hold.details.get("verification_sent")),
    )


def _original_creditor_request(holds: Sequence[Hold], now: datetime) -> OriginalCreditorRequest | None:
    hold = _first(holds, "original_creditor_request")
    if hold is None:
        return None
    return OriginalCreditorRequest(
        received=_begun(hold.starts_on, now).date(), answered=_date(hold.details.get("answered"))
    )


def _breathing_space(person: PersonFile, holds: Sequence[Hold]) -> date | None:
    return _space(person.breathing_space_until, holds)


def _space(until: date | None, holds: Sequence[Hold]) -> date | None:
    hold = _first(holds, "breathing_space")
    ends = [day for day in (until, hold.until if hold else None) if day]
    return max(ends) if ends else (date.max if hold else None)


def _co_debtors(person: PersonFile, debts: Sequence[DebtFile], now: datetime) -> CoDebtorFacts:
    """What holds of others who owe one of these debts too."""
    concerned = [other for other in person.co_debtors if any(debt.id == other.debt_id for debt in debts)]
    held = [(other, [h for h in other.holds if h.holds_on(now.date())]) for other in concerned]
    spaces = [_space(other.breathing_space_until, holds) for other, holds in held]
    return CoDebtorFacts(
        bankruptcy_pending=any(_by(o.bankrupt_on, now) or _any(holds, "bankruptcy") for o, holds in held),
        breathing_space_until=max((day for day in spaces if day), default=None),
    )


def _workplace(person: PersonFile) -> Workplace | None:
    wish = next((w for w in person.wishes if w.kind == "workplace"), None)
    if wish is None:
        return None
    return Workplace(
        employer_prohibits=bool(wish.details.get("employer_prohibits", False)),
        oral_request=_date(wish.details.get("oral_request")),
        written_confirmation=_date(wish.details.get("written_confirmation")),
    )


def _debt_facts(contact: IntendedContact, today: date) -> DebtFacts:
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


def _first_notice(person: PersonFile, debts: Sequence[DebtFile]) -> DateOnFile:
    return _notice(person, debts, ("first_written", "validation", "written")) if debts else None


def _validation_end(person: PersonFile, debts: Sequence[DebtFile]) -> date | None:
    ends = [
        _date(n.details.get("validation_period_end"))
        for n in person.notices
        if n.kind == "validation" and (n.debt_id is None or any(n.debt_id == d.id for d in debts))
    ]
    return max((end for end in ends if end), default=None)


def _debt_groups(person: PersonFile) -> dict[str, tuple[str, ...]]:
    return {
        str(w.details["account"]): tuple(w.details.get("debts", ()))
        for w in person.wishes
        if w.kind == "debt_group"
    }


def _consent_on(contact: IntendedContact) -> date | None:
    """When the person agreed to be written to at this address, or on this medium."""
    point, medium = contact.point, contact.channel.value
    if not contact.person.consents:
        return point.consent_on if point else None
    given = [point.consent_on] if point and point.consent_on else []
    given += [
        c.given_on
        for c in contact.person.consents
        if _covers(c, medium, point) and c.kind in {"contact", medium}
    ]
    return max(given, default=None)


def _covers(consent: Consent, medium: str, point: ContactPoint | None) -> bool:
    here = address_key(point.address) if point else ""
    return consent.medium in ("", medium) and address_key(consent.address) in ("", here)


def _call_consent(person: PersonFile) -> CallConsent | None:
    consent = next((c for c in reversed(person.consents) if c.kind == "call"), None)
    if consent is None:
        return None
    return CallConsent(
        given=datetime.combine(consent.given_on, time(), UTC),
        directly_to_collector=bool(consent.details.get("directly_to_collector", True)),
        scope=str(consent.details["scope"]) if consent.details.get("scope") else None,
    )


def _email_consent(contact: IntendedContact) -> bool | None:
    """Consent to electronic messages: to this one's medium or address, said in so many words."""
    return None if contact.channel is ChannelKind.LETTER else _consent_on(contact) is not None


def _consent(contact: IntendedContact) -> bool | None:
    """Consent to the contact; a number that the creditor was given is no sign against it (FCC 2008 ACA ruling)."""
    if _consent_on(contact) is not None:
        return True
    given_to_creditor = contact.channel is ChannelKind.SMS and contact.sender_role == "original_creditor"
    return None if given_to_creditor else False


def _address_basis(contact: IntendedContact) -> AddressBasis:
    point = contact.point
    if _consent_on(contact):
        return AddressBasis(type="direct_consent")
    if _used_by_consumer(contact):
        return AddressBasis(type="consumer_used_with_collector")
    for consent in contact.person.consents:
        if consent.kind == "address_notice" and _covers(consent, "email", point):
            return AddressBasis(
                type=str(consent.details.get("type", "creditor_notice")),
                notice_sent=consent.given_on,
                optout_by=_date(consent.details.get("optout_by")) or NOTHING_ON_FILE,
                public_domain=bool(
                    consent.details.get("public_domain")
                ),  # nobody said so: it may be an employer's
                opted_out=bool(consent.details.get("opted_out", False)),
            )
    return AddressBasis(type="none")


def _number_basis(contact: IntendedContact) -> NumberBasis:
    consent_on = _consent_on(contact)
    number = address_key(contact.point.address) if contact.point else None
    texted = [
        e.at.date()
        for e in contact.person.history
        if e.channel == "sms" and e.direction == "inbound" and (e.to is None or address_key(e.to) == number)
    ]
    checks = [
        c for c in contact.person.consents if c.kind == "number_check" and _covers(c, "sms", contact.point)
    ]
    latest = max(checks, key=lambda c: c.given_on, default=None)
    kind = "consumer_texted" if texted and not consent_on else "direct_consent" if consent_on else "none"
    return NumberBasis(
        type=kind,
        last_text=max(texted, default=NOTHING_ON_FILE),
        consent_on=consent_on or NOTHING_ON_FILE,
        rnd_check=latest.given_on if latest else NOTHING_ON_FILE,
        rnd_result=str(latest.details.get("result", "not_reassigned")) if latest else None,
    )


def _used_by_consumer(contact: IntendedContact) -> bool:
    point = contact.point
    return point is not None and any(
        e.direction == "inbound"
        and e.to is not None
        and address_key(e.to) == address_key(point.address)
        and e.channel == contact.channel.value
        for e in contact.person.history
    )


def _employer_provided(contact: IntendedContact) -> bool:
    point = contact.point
    if contact.channel is not ChannelKind.EMAIL or point is None:
        return False
    domain = point.address.rpartition("@")[2].casefold()
    return point.label == "work" or any(
        domain == employer or domain.endswith(f".{employer}") for employer in contact.employer_domains
    )
