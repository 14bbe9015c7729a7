"""One message that might go out: to whom, about what and how; where its reader is reached, and in which zones."""

from dataclasses import dataclass
from datetime import date

from channels.kind import ChannelKind, Medium
from dispatcher.gate.facts import ZoneCandidate
from dispatcher.people.domain.person import ContactPoint, DebtFile, PersonFile
from dispatcher.values.phone import number_plan, plan_key
from dispatcher.values.whereabouts import PlaceTable, locate

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
    notice: str = ""  # of a notice: which one of the law it is
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
        for candidate in locate(
            places,
            country=person.country,
            region=person.region,
            city=person.city,
            postal_code=person.postal_code,
            phone_e164=phone.address if phone else None,
            phone_label=_PHONE_LABELS.get(phone.label) if phone else None,  # type: ignore[arg-type]  # three literals
            stated_zone=person.time_zone or None,
        ).candidates
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
