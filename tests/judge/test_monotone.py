"""Silence is never permission: what is taken away, and what is held against somebody, never makes more allowed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from channels.kind import ChannelKind
from dispatcher.gate.coverage import Coverage
from dispatcher.gate.decision import Outcome
from dispatcher.gate.facts import ContentFindings, HistoryEntry
from dispatcher.gate.rule_book import RuleBook
from dispatcher.people.domain.person import (
    BINDS_EVERYWHERE,
    Consent,
    ContactPoint,
    DebtFile,
    Hold,
    Notice,
    PersonFile,
    StoredOptOut,
    Wish,
)
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.intended import IntendedContact, reachable_points, zones_of
from dispatcher.planning.domain.sender_role import against_sender, role_of
from dispatcher.planning.domain.standing import standing
from dispatcher.planning.policy import Policy
from dispatcher.rulebook.coverage import load_coverage
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.values.money import Money
from tests.builders import EMAIL, LETTER, SMS, a_desk
from tests.shared import ROOT

NOW = datetime(2026, 11, 4, 18, tzinfo=UTC)  # a Wednesday, by day from London to Los Angeles
TODAY = NOW.date()
MOMENTS = (
    NOW,
    NOW.replace(hour=12, minute=30),
    NOW.replace(day=8),
    NOW.replace(hour=2),
)  # early, a Sunday, at night
KEPT_BACK = Outcome.HOLD.precedence
LONG_AGO = date(2026, 8, 3)
PLACES: tuple[Mapping[str, str], ...] = (
    {"country": "US", "region": "GA", "city": "Atlanta", "postal_code": "30301"},
    {"country": "US", "region": "NY", "city": "Albany", "postal_code": "12201"},
    {"country": "US", "region": "CA", "city": "Los Angeles", "postal_code": "90012"},
    {"country": "US", "region": "MA", "city": "Boston", "postal_code": "02108"},
    {"country": "CA", "region": "ON", "city": "Toronto", "postal_code": "M5V 1A1"},
    {"country": "CA", "region": "MB", "city": "Winnipeg", "postal_code": "R3C 0V8"},
    {"country": "GB", "region": "", "city": "London", "postal_code": "N1 1AA"},
    {"country": "MX", "region": "CMX", "city": "Ciudad de Mexico", "postal_code": "06600"},
    {"country": "CO", "region": "DC", "city": "Bogota", "postal_code": "110111"},
    {"country": "FR", "region": "", "city": "Lyon", "postal_code": "69001"},
    {"country": "ZA", "region": "", "city": "Cape Town", "postal_code": "8001"},
    {"country": "JP", "region": "", "city": "Tokyo", "postal_code": "100-0001"},
)
ROLES = ("original_creditor", "third_party", "debt_buyer")
CHANNELS = (EMAIL, SMS, LETTER)


@lru_cache
def whole() -> Policy:
    """The shipped rules, places and answers."""
    book, coverage = load_rule_packs(ROOT / "config" / "rules"), load_coverage(ROOT / "config" / "places")
    return replace(a_desk(), rulebook=book, coverage=coverage)


def outcome(
    policy: Policy, contact: IntendedContact, content: ContentFindings, now: datetime = NOW
) -> tuple[int, datetime]:
    """How far a contact is kept back, by file, sender and law; of deferrals the later one is farther.

    A hold and a block are alike: neither goes out, and who releases a hold only has the gate asked again.
    """
    [debt] = contact.debts
    sender = replace(policy.senders["acme"], role=contact.sender_role)
    asked = replace(contact, sender_role=role_of(contact.debts, sender.role), as_of=TODAY)
    zones = zones_of(contact.person, contact.point, policy.places)
    decision = policy.judge(asked, contact_facts(asked, now=now, zones=zones, content=content))
    against = [
        *standing(debt, contact.person, None, None, TODAY),
        *against_sender([debt], contact.kind, sender),
    ]
    if contact.point not in reachable_points(contact.person, contact.channel):
        return KEPT_BACK, now
    worst = max([decision.outcome, *(reason.outcome for reason in against)], key=lambda each: each.precedence)
    return min(worst.precedence, KEPT_BACK), decision.not_before or now


@st.composite
def contacts(draw: st.DrawFn) -> IntendedContact:
    """A contact that is allowed more often than not."""
    place = draw(st.sampled_from(PLACES))
    consent = draw(st.sampled_from((None, LONG_AGO, TODAY)))
    mailbox = ContactPoint(id=1, medium="email", address="ana@mail.example", consent_on=consent)
    number = draw(st.sampled_from(("", "+13055550123", "+16175550123")))  # of Miami, of Boston
    numbers = {"US": "+14045550123", "CA": "+14165550123", "GB": "+447700900123", "MX": "+525512345678"}
    mobile = ContactPoint(
        id=2,
        medium="phone",
        address=number or numbers.get(place["country"], "+14045550123"),
        consent_on=consent,
    )
    channel = draw(st.sampled_from(CHANNELS))
    told = draw(st.booleans())
    person = PersonFile(
        id=1, person="p", creditor_id=1, creditor="acme", reference="D1", name="Ana Example",
        address_lines=("1 High Street",), contact_points=(mailbox, mobile), **place,
        consents=(Consent(kind="esign", medium="", address="", given_on=LONG_AGO),) * draw(st.booleans()),
        notices=(Notice(kind="first_written", debt_id=1, sent_on=LONG_AGO), Notice(kind="transfer", debt_id=1, sent_on=LONG_AGO)),
        said=dict.fromkeys(("us_collector", "mx_first_contact"), LONG_AGO) if told else {},
        first_message_on=LONG_AGO if told else None,
        authorised_channels=draw(st.sampled_from((None, frozenset({"email", "sms", "letter"})))),
    )  # fmt: skip
    owed, none = Money(10_000, "USD"), Money(0, "USD")
    role = draw(st.sampled_from(ROLES))
    debt = DebtFile(
        id=1, creditor_id=1, creditor="acme", debtor_id=1, reference="R1", ledger=owed, paid=none, credit=none,
        due_date=draw(st.sampled_from((date(2026, 9, 1), date(2023, 1, 5)))), debt_type=draw(st.sampled_from(("", "consumer", "commercial"))),
        sender_role=draw(st.sampled_from(("", role))), time_barred_on=draw(st.sampled_from((None, date(2029, 1, 1)))),
    )  # fmt: skip
    point = {EMAIL: mailbox, SMS: mobile, LETTER: None}[channel]
    return IntendedContact(
        person=person, debts=(debt,), channel=channel, kind="collection", point=point, sender_role=role
    )


@st.composite
def texts(draw: st.DrawFn) -> ContentFindings:
    """What the checks say of a text that says all there is, or less."""
    said = draw(st.sampled_from((True, True, None, False)))
    elements = ("breakdown", "first_letter_reference", "mx_first_contact")
    return ContentFindings(
        complete=True, optout_notice=True, optout_methods=("link",), sender_identified=True, claims_costs=False,
        initial_disclosure=said, subsequent_disclosure=said, looked_for=elements, said=("us_collector", "mx_first_contact"),
    )  # fmt: skip


Change = Callable[[IntendedContact], IntendedContact]


def of_person(**values: Any) -> Change:
    """Set values of the person's file."""
    return lambda contact: replace(contact, person=replace(contact.person, **values))


def of_debt(**values: Any) -> Change:
    """Set values of the debt's file."""
    return lambda contact: replace(contact, debts=tuple(replace(debt, **values) for debt in contact.debts))


def without_consent(contact: IntendedContact) -> IntendedContact:
    """The same addresses, agreed to by nobody."""
    points = tuple(replace(point, consent_on=None) for point in contact.person.contact_points)
    used = contact.point and replace(contact.point, consent_on=None)
    return replace(contact, point=used, person=replace(contact.person, contact_points=points, consents=()))


def a_hold(kind: str, debt_id: int | None = None) -> Change:
    """Something recorded that keeps silent."""
    hold = Hold(id=9, kind=kind, debt_id=debt_id, starts_on=date(2026, 10, 1), until=None)
    return lambda contact: replace(
        contact, person=replace(contact.person, holds=(*contact.person.holds, hold))
    )


STOP = StoredOptOut(address="", medium="", scope="all", at=datetime(2026, 10, 1, tzinfo=UTC))
NIGHTS = Wish(kind="time", details={"days": ("WE",), "from": "00:00", "to": "24:00"}, recorded_at=NOW)
AT_WORK = Wish(kind="place", details={"place": "home"}, recorded_at=NOW)


def a_record_elsewhere(**values: Any) -> Change:
    """The same human under another creditor, with something on record there."""
    other = PersonFile(id=2, person="", creditor_id=0, creditor="", reference="", **values)
    return lambda contact: replace(contact, person=replace(contact.person, elsewhere=(other,)))


def held_elsewhere(kind: str) -> Change:
    """Something recorded there that binds a human everywhere."""
    return a_record_elsewhere(
        holds=(Hold(id=9, kind=kind, debt_id=None, starts_on=date(2026, 10, 1), until=None),)
    )


TAKEN_AWAY: Mapping[str, Change] = {
    "country": of_person(country=""),
    "region": of_person(region=""),
    "region and postal code": of_person(region="", postal_code=""),
    "city": of_person(city=""),
    "all of the place": of_person(region="", postal_code="", city=""),
    "consents": without_consent,
    "notices": of_person(notices=()),
    "what was said": of_person(said={}),
    "earlier messages": of_person(said={}, first_message_on=None),
    "type of the debt": of_debt(debt_type=""),
    "role in the ledger": of_debt(sender_role=""),
    "date of the bar": of_debt(time_barred_on=None),
}
ADDED: Mapping[str, Change] = {
    "no channel authorised": of_person(authorised_channels=frozenset()),
    "another role in the ledger": lambda contact: of_debt(
        sender_role="law_firm" if contact.sender_role != "law_firm" else "third_party"
    )(contact),
    "a bar": of_debt(time_barred_on=date(2026, 1, 1)),
    "a stop": of_person(opt_outs=(STOP,)),
    "an hour to leave alone": of_person(wishes=(NIGHTS,)),
    "a place to leave alone": of_person(wishes=(AT_WORK,)),
    "a bankruptcy": of_person(bankrupt_on=date(2026, 10, 1)),
    "a death": of_person(deceased_on=date(2026, 10, 1)),
    "an attorney": of_person(represented_by="Vance LLP"),
    "a request to cease": of_person(cease_received_on=date(2026, 10, 1)),
    "a moratorium": of_person(breathing_space_until=date(2027, 1, 1)),
    "a dispute in the ledger": of_debt(disputed_on=date(2026, 10, 1)),
    "a promise in the ledger": of_debt(promise_date=date(2026, 12, 1)),
    "a settlement in the ledger": of_debt(settled_on=date(2026, 10, 1)),
    "not in the ledger": of_debt(in_ledger=False),
    **{f"a hold {kind}": a_hold(kind) for kind in ("unclear_reply", "manual", "complaint", "dispute", "promise", "attorney", "bankruptcy", "deceased", "cease", "refusal")},
    "a hold on the debt": a_hold("manual", 1),
    "another creditor's record": a_record_elsewhere(),
    "a death elsewhere": a_record_elsewhere(deceased_on=date(2026, 10, 1)),
    "a stop elsewhere": a_record_elsewhere(opt_outs=(STOP,)),
    "a message elsewhere": a_record_elsewhere(
        history=(HistoryEntry(at=NOW, channel="email", outcome="sent", direction="outbound"),)
    ),
    **{f"a hold {kind} elsewhere": held_elsewhere(kind) for kind in sorted(BINDS_EVERYWHERE)},
}  # fmt: skip


@pytest.mark.parametrize("name", [*TAKEN_AWAY, *ADDED])
@given(contact=contacts(), text=texts())
@settings(max_examples=30)
def test_a_fact_taken_away_or_held_against_them_never_allows_more(
    name: str, contact: IntendedContact, text: ContentFindings
) -> None:
    changed = (TAKEN_AWAY | ADDED)[name](contact)
    assert outcome(whole(), changed, text) >= outcome(whole(), contact, text), name


@given(contact=contacts(), text=texts(), data=st.data())
@settings(max_examples=150)
def test_a_sentence_or_finding_taken_away_never_allows_more(
    contact: IntendedContact, text: ContentFindings, data: st.DataObject
) -> None:
    fewer: dict[str, Any] = {
        "optout_notice": None, "optout_methods": None, "initial_disclosure": None, "subsequent_disclosure": None,
        "claims_costs": None, "said": (), "looked_for": (), "sender_identified": False,
    }  # fmt: skip
    names = data.draw(st.sets(st.sampled_from(sorted(fewer)), min_size=1))
    assume(not ({"optout_notice", "optout_methods"} & names) or {"optout_notice", "optout_methods"} <= names)
    less = replace(text, **{name: fewer[name] for name in names})
    assert outcome(whole(), contact, less) >= outcome(whole(), contact, text)


@given(contact=contacts(), text=texts(), data=st.data())
@settings(max_examples=400)
def test_a_pack_of_law_taken_away_never_allows_more(
    contact: IntendedContact, text: ContentFindings, data: st.DataObject
) -> None:
    now = data.draw(st.sampled_from(MOMENTS))
    law = sorted(name for name, pack in whole().rulebook.packs.items() if pack.applies)
    gone = data.draw(st.sets(st.sampled_from(law), min_size=1, max_size=3))
    left = RuleBook({name: pack for name, pack in whole().rulebook.packs.items() if name not in gone})
    before = outcome(whole(), contact, text, now)
    assert outcome(replace(whole(), rulebook=left), contact, text, now) >= before, gone


@given(contact=contacts(), text=texts(), data=st.data())
@settings(max_examples=100)
def test_an_answer_about_a_place_taken_away_never_allows_more(
    contact: IntendedContact, text: ContentFindings, data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.sampled_from(sorted(whole().coverage.countries)), min_size=1, max_size=20))
    left = Coverage(
        countries={code: entry for code, entry in whole().coverage.countries.items() if code not in gone}
    )
    assert outcome(replace(whole(), coverage=left), contact, text) >= outcome(whole(), contact, text)


def an_allowed_contact(
    channel: ChannelKind = EMAIL, role: str = "original_creditor", **place: str
) -> IntendedContact:
    """A first reminder to Ana, in Georgia unless a place says otherwise."""
    mailbox = ContactPoint(id=1, medium="email", address="ana@mail.example", consent_on=LONG_AGO)
    mobile = ContactPoint(
        id=2,
        medium="phone",
        address="+525512345678" if place.get("country") == "MX" else "+14045550123",
        consent_on=LONG_AGO,
    )
    person = PersonFile(
        id=1, person="p", creditor_id=1, creditor="acme", reference="D1", name="Ana Example", address_lines=("1 High Street",),
        contact_points=(mailbox, mobile), said={"mx_first_contact": LONG_AGO}, first_message_on=LONG_AGO, **(dict(PLACES[0]) | place),
    )  # fmt: skip
    owed, none = Money(10_000, "USD"), Money(0, "USD")
    debt = DebtFile(
        id=1, creditor_id=1, creditor="acme", debtor_id=1, reference="R1", ledger=owed, paid=none, credit=none,
        due_date=date(2026, 9, 1), debt_type="consumer", time_barred_on=date(2029, 1, 1),
    )  # fmt: skip
    point = {EMAIL: mailbox, SMS: mobile, LETTER: None}[channel]
    return IntendedContact(
        person=person, debts=(debt,), channel=channel, kind="collection", point=point, sender_role=role
    )


EVERYTHING = ContentFindings(
    complete=True, optout_notice=True, optout_methods=("link",), sender_identified=True, claims_costs=False,
    initial_disclosure=True, subsequent_disclosure=True, looked_for=("mx_first_contact",), said=("us_collector", "mx_first_contact"),
)  # fmt: skip
MEXICO = {"country": "MX", "region": "CMX", "city": "Ciudad de Mexico", "postal_code": "06600"}
CALIFORNIA = {"region": "CA", "city": "Los Angeles", "postal_code": "90012"}
NO_STATEMENT = replace(EVERYTHING, initial_disclosure=None, subsequent_disclosure=None)
WAYS: Mapping[str, tuple[IntendedContact, IntendedContact, ContentFindings]] = {
    "a place whose law nobody has read": (
        an_allowed_contact(),
        an_allowed_contact(country="NG", region="", city="Lagos", postal_code=""),
        EVERYTHING,
    ),
    "an address that does not say in which state": (
        without_consent(an_allowed_contact()),
        without_consent(an_allowed_contact(region="", city="", postal_code="")),
        EVERYTHING,
    ),
    "no channel authorised": (
        an_allowed_contact(),
        ADDED["no channel authorised"](an_allowed_contact()),
        EVERYTHING,
    ),
    "a ledger that contradicts the sender": (
        an_allowed_contact(),
        of_debt(sender_role="third_party")(an_allowed_contact()),
        EVERYTHING,
    ),
    "a bar": (an_allowed_contact(), ADDED["a bar"](an_allowed_contact()), EVERYTHING),
    "a text message as the first contact in Mexico": (
        an_allowed_contact(SMS, **MEXICO),
        of_person(said={}, first_message_on=None)(an_allowed_contact(SMS, **MEXICO)),
        EVERYTHING,
    ),
    "a statement that nobody looked for, of a covered commercial debt": (
        an_allowed_contact(**CALIFORNIA),
        replace(
            of_debt(debt_type="covered_commercial")(an_allowed_contact(**CALIFORNIA)),
            sender_role="third_party",
        ),
        NO_STATEMENT,
    ),
    "an answer that waits to be read": (
        an_allowed_contact(),
        ADDED["a hold unclear_reply"](an_allowed_contact()),
        EVERYTHING,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_once_went_out_is_kept_back(way: str) -> None:
    before, after, text = WAYS[way]
    assert outcome(whole(), before, text)[0] == 0
    assert outcome(whole(), after, text)[0] == KEPT_BACK


def test_a_pack_of_the_place_taken_away_keeps_back() -> None:
    left = RuleBook({name: pack for name, pack in whole().rulebook.packs.items() if name != "US-TCPA"})
    assert outcome(replace(whole(), rulebook=left), an_allowed_contact(), EVERYTHING)[0] == KEPT_BACK


def test_some_contacts_are_allowed() -> None:
    """Or the properties above would say nothing."""
    allowed = 0

    @given(contact=contacts(), text=texts())
    @settings(max_examples=100)
    def count(contact: IntendedContact, text: ContentFindings) -> None:
        nonlocal allowed
        allowed += outcome(whole(), contact, text)[0] == 0

    count()
    assert allowed > 5
    assert ChannelKind.EMAIL in CHANNELS
