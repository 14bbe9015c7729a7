"""On what ground an address or number is used: consents, notices about addresses, what the person used themselves."""

from datetime import UTC, date, datetime, time

from channels.kind import ChannelKind
from dispatcher.gate.facts import NOTHING_ON_FILE, AddressBasis, CallConsent, NumberBasis
from dispatcher.people.domain.person import Consent, ContactPoint, PersonFile
from dispatcher.planning.domain.intended import IntendedContact
from dispatcher.planning.domain.statuses import a_date
from dispatcher.values.written_address import address_key


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


def call_consent(person: PersonFile) -> CallConsent | None:
    """The newest consent to be called."""
    consent = next((c for c in reversed(person.consents) if c.kind == "call"), None)
    if consent is None:
        return None
    return CallConsent(
        given=datetime.combine(consent.given_on, time(), UTC),
        directly_to_collector=bool(consent.details.get("directly_to_collector", True)),
        scope=str(consent.details["scope"]) if consent.details.get("scope") else None,
    )


def email_consent(contact: IntendedContact) -> bool | None:
    """Consent to electronic messages: to this one's medium or address, said in so many words."""
    return None if contact.channel is ChannelKind.LETTER else _consent_on(contact) is not None


def consent(contact: IntendedContact) -> bool | None:
    """Consent to the contact; a number that the creditor was given is no sign against it (FCC 2008 ACA ruling)."""
    if _consent_on(contact) is not None:
        return True
    given_to_creditor = contact.channel is ChannelKind.SMS and contact.sender_role == "original_creditor"
    return None if given_to_creditor else False


def address_basis(contact: IntendedContact) -> AddressBasis:
    """On what ground an e-mail address is used."""
    point = contact.point
    if _consent_on(contact):
        return AddressBasis(type="direct_consent")
    if used_by_consumer(contact):
        return AddressBasis(type="consumer_used_with_collector")
    for consent in contact.person.consents:
        if consent.kind == "address_notice" and _covers(consent, "email", point):
            return AddressBasis(
                type=str(consent.details.get("type", "creditor_notice")),
                notice_sent=consent.given_on,
                optout_by=a_date(consent.details.get("optout_by")) or NOTHING_ON_FILE,
                public_domain=bool(
                    consent.details.get("public_domain")
                ),  # nobody said so: it may be an employer's
                opted_out=bool(consent.details.get("opted_out", False)),
            )
    return AddressBasis(type="none")


def number_basis(contact: IntendedContact) -> NumberBasis:
    """On what ground a number is texted."""
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


def used_by_consumer(contact: IntendedContact) -> bool:
    """Whether the person wrote to us from this address."""
    point = contact.point
    return point is not None and any(
        e.direction == "inbound"
        and e.to is not None
        and address_key(e.to) == address_key(point.address)
        and e.channel == contact.channel.value
        for e in contact.person.history
    )


def employer_provided(contact: IntendedContact) -> bool:
    """Whether an e-mail address is an employer's."""
    point = contact.point
    if contact.channel is not ChannelKind.EMAIL or point is None:
        return False
    domain = point.address.rpartition("@")[2].casefold()
    return point.label == "work" or any(
        domain == employer or domain.endswith(f".{employer}") for employer in contact.employer_domains
    )
