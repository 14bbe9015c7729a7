"""What the portfolio and `record` say of a debtor reaches the gate: the packs that govern, and the grounds to write."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import pytest

from channels.kind import ChannelKind
from dispatcher.gate.decision import Decision, Outcome
from dispatcher.gate.facts import Action, ContentFindings, HistoryEntry
from dispatcher.gate.rule_book import RuleBook
from dispatcher.gate.rules import TimeBarred
from dispatcher.people.domain.person import Consent, ContactPoint, DebtFile, Notice, PersonFile
from dispatcher.planning.domain.contact import contact_facts
from dispatcher.planning.domain.intended import IntendedContact, zones_of
from dispatcher.planning.domain.sender_role import against_sender, role_of
from dispatcher.planning.policy import Policy
from dispatcher.rulebook.coverage import load_coverage
from dispatcher.rulebook.fact_sources import ACT, CANNOT, SOURCES
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.values.money import Money
from tests.builders import EMAIL, LETTER, SMS, a_desk
from tests.shared import ROOT

DAY = date(2026, 10, 20)
NOON = datetime(2026, 11, 4, 18, tzinfo=UTC)  # a Wednesday, by day from Rome to Los Angeles


@lru_cache
def _desk() -> Policy:
    book, coverage = load_rule_packs(ROOT / "config" / "rules"), load_coverage(ROOT / "config" / "places")
    return replace(a_desk(), rulebook=book, coverage=coverage)


def a_number(e164: str, **more: Any) -> ContactPoint:
    """A telephone number."""
    return ContactPoint(id=1, medium="phone", address=e164, **more)


def a_mailbox(address: str = "ana@mail.example", **more: Any) -> ContactPoint:
    """An e-mail address."""
    return ContactPoint(id=2, medium="email", address=address, **more)


def a_contact(
    point: ContactPoint | None,
    *,
    role: str = "original_creditor",
    others: tuple[ContactPoint, ...] = (),
    **person: Any,
) -> IntendedContact:
    """A reminder of a debt from September to Ana in Georgia, at a point or (None) by letter."""
    points = (*others, point) if point else others
    fields: dict[str, Any] = {
        "country": "US",
        "region": "GA",
        "city": "Atlanta",
        "contact_points": points,
    } | person
    channels: dict[str | None, ChannelKind] = {"phone": SMS, "email": EMAIL, None: LETTER}
    return IntendedContact(
        person=PersonFile(
            id=1, person="p", creditor_id=1, creditor="acme", reference="D1", name="Ana", **fields
        ),
        debts=(_debt(),),
        channel=channels[point.medium if point else None],
        kind="collection",
        point=point,
        sender_role=role,
    )


def _debt() -> DebtFile:
    owed, none = Money(10_000, "USD"), Money(0, "USD")
    return DebtFile(
        id=1, creditor_id=1, creditor="acme", debtor_id=1, reference="R1", ledger=owed, paid=none, credit=none,
        due_date=date(2026, 9, 1), debt_type="consumer",
    )  # fmt: skip


def judged(contact: IntendedContact) -> Decision:
    """The decision under every pack that applies."""
    zones = zones_of(contact.person, contact.point, _desk().places)
    return _desk().judge(contact, contact_facts(contact, now=NOON, zones=zones))


def refusals(contact: IntendedContact) -> set[tuple[str, str]]:
    """The outcome and rule of every reason."""
    return {(reason.outcome.value, f"{reason.pack}/{reason.rule}") for reason in judged(contact).reasons}


def packs(contact: IntendedContact) -> set[str]:
    """The law that governs, besides the house rules."""
    return {pack.name for pack in _desk().packs_for(contact, NOON.date())} - {
        "DEFAULT",
        "HOUSE",
        "US-BANKRUPTCY",
    }


FEDERAL = {"US-REGF", "US-TCPA"}


@pytest.mark.parametrize(
    ("number", "more"),
    [
        ("+14045550123", set()),  # Atlanta
        ("+13055550123", {"US-FL-FCCPA"}),  # Miami
        ("+16175550123", {"US-MA"}),  # Boston
        ("+12125550123", {"US-NY-DFS", "US-NYC-SHIELD"}),  # Manhattan
        ("+15185550123", {"US-NY-DFS"}),  # Albany
        ("+14165550123", {"CA-ON"}),  # Toronto
        ("+525512345678", {"MX-CONDUSEF"}),
        ("+18005550123", set()),  # answered anywhere
    ],
)
def test_the_law_of_the_texted_number_is_added(number: str, more: set[str]) -> None:
    assert packs(a_contact(a_number(number), role="third_party")) == FEDERAL | more


def test_another_numbers_area_does_not_bind_an_email_to_a_known_residence() -> None:
    miami = a_number("+13055550123")
    assert packs(a_contact(a_mailbox(), others=(miami,), role="third_party")) == FEDERAL


def test_another_numbers_country_does() -> None:
    bogota = a_number("+576012345678")
    assert "CO-2300" in packs(a_contact(a_mailbox(), others=(bogota,)))


def test_where_the_address_names_no_region_every_numbers_area_counts() -> None:
    miami = a_number("+13055550123")
    unsaid: dict[str, Any] = {"region": "", "city": "", "postal_code": "30301"}
    found = packs(a_contact(a_mailbox(), others=(miami,), role="third_party", **unsaid))
    assert found == FEDERAL | {"US-FL-FCCPA"}


def test_an_address_that_does_not_say_where_in_the_country_takes_every_law_that_may_hold_there() -> None:
    somewhere = a_contact(a_mailbox(), role="third_party", region="", city="")
    assert packs(somewhere) >= FEDERAL | {"US-CA", "US-DC", "US-MA", "US-NY-DFS", "US-NYC-SHIELD", "US-WA"}
    no_region = replace(somewhere, person=replace(somewhere.person, region="ZZ"))
    assert packs(no_region) == packs(somewhere)


@pytest.mark.parametrize(
    ("where", "unread"),
    [
        ({"country": "JP", "region": "", "city": "Tokyo"}, "JP"),
        ({"country": "NO", "region": "", "city": ""}, "NO"),
        ({"country": "CA", "region": "MB", "city": "Winnipeg"}, "CA-MB"),
        ({"country": "CA", "region": "", "city": "", "postal_code": "R3C 0V8"}, "CA-MB"),
        ({"country": "", "region": "", "city": "", "time_zone": "Europe/Rome"}, "an unknown country"),
    ],
)
def test_a_place_whose_law_nobody_has_read_is_held(where: dict[str, str], unread: str) -> None:
    decision = judged(a_contact(a_mailbox(), **where))
    assert decision.outcome is Outcome.HOLD
    [reason] = [reason for reason in decision.reasons if reason.rule == "coverage"]
    assert reason.detail == f"nobody has read the law of this place: {unread}"


def test_a_text_to_a_number_of_an_unread_country_is_held_and_an_email_is_not() -> None:
    oslo = a_number("+4740612345")
    assert ("hold", "desk/coverage") in refusals(a_contact(oslo))
    assert judged(a_contact(a_mailbox(), others=(oslo,))).allowed


@pytest.mark.parametrize(("role", "held"), [("original_creditor", False), ("third_party", True)])
def test_an_answer_speaks_of_the_senders_that_it_names(role: str, held: bool) -> None:
    phoenix: dict[str, str] = {"region": "AZ", "city": "Phoenix"}
    assert (("hold", "desk/coverage") in refusals(a_contact(a_mailbox(), role=role, **phoenix))) is held


def test_a_place_whose_pack_was_taken_away_is_held() -> None:
    whole = _desk()
    without = RuleBook({name: pack for name, pack in whole.rulebook.packs.items() if name != "UK-CONC"})
    contact = a_contact(None, country="GB", region="", city="London", address_lines=("1 High Street",))
    facts = contact_facts(contact, now=NOON, zones=zones_of(contact.person, None, whole.places))
    assert whole.judge(contact, facts).allowed
    decision = replace(whole, rulebook=without).judge(contact, facts)
    assert decision.outcome is Outcome.HOLD
    assert "covered by UK-CONC, not loaded" in decision.reasons[-1].detail


def test_before_a_real_provider_an_unconfirmed_answer_is_held_as_an_unreviewed_pack_is() -> None:
    contact = a_contact(a_mailbox())
    facts = contact_facts(contact, now=NOON, zones=zones_of(contact.person, contact.point, _desk().places))
    live = replace(_desk(), real_channels=frozenset({EMAIL}))
    assert [reason.rule for reason in live.judge(contact, facts).reasons] == ["coverage", "pack-not-reviewed"]
    assert replace(live, require_review=False).judge(contact, facts).allowed


def test_whoever_names_the_only_packs_answers_for_the_places() -> None:
    only = replace(a_desk(), rulebook=load_rule_packs(ROOT / "config" / "rules", only=["default"]))
    contact = a_contact(a_mailbox(), country="NO", region="", city="Oslo")
    facts = contact_facts(contact, now=NOON, zones=zones_of(contact.person, contact.point, only.places))
    assert only.judge(contact, facts).allowed


def test_a_foreign_number_leaves_the_law_of_the_residence() -> None:
    madrid = a_number("+34612345678")
    brooklyn = a_contact(madrid, role="third_party", region="NY", city="Brooklyn")
    assert packs(brooklyn) == FEDERAL | {"US-NY-DFS", "US-NYC-SHIELD", "ES-CONDUCT", "ES-POLICY"}


def test_a_collector_without_consent_may_not_text() -> None:
    found = refusals(a_contact(a_number("+14045550123"), role="third_party"))
    assert found == {("hold", "us-regf/text-procedure"), ("block", "us-tcpa/express-consent")}


def test_a_creditor_may_text_the_number_that_it_was_given() -> None:
    assert judged(a_contact(a_number("+14045550123"))).allowed


def test_the_district_wants_consent_from_a_creditor_too() -> None:
    capital = a_contact(a_number("+12025550123"), region="DC", city="Washington")
    assert refusals(capital) == {("block", "us-dc/electronic-consent")}


def test_consent_lets_a_collector_text() -> None:
    agreed = a_number("+14045550123", consent_on=date(2026, 10, 20))
    assert judged(a_contact(agreed, role="third_party")).allowed


def test_a_text_from_one_number_is_no_ground_for_another() -> None:
    said = HistoryEntry(
        at=datetime(2026, 10, 20, tzinfo=UTC), channel="sms", outcome="inbound_from_consumer", direction="inbound",
        to="+14045550199",
    )  # fmt: skip
    other = a_contact(a_number("+14045550123"), role="third_party", history=(said,))
    same = a_contact(a_number("+14045550199"), role="third_party", history=(said,))
    assert ("hold", "us-regf/text-procedure") in refusals(other)
    assert ("hold", "us-regf/text-procedure") not in refusals(same)


@pytest.mark.parametrize("address", ["ana@example.com", "ana@mail.example.com"])
def test_an_employers_domain_and_its_parts_are_the_employers(address: str) -> None:
    contact = replace(
        a_contact(a_mailbox(address, consent_on=None), role="third_party"), employer_domains=("example.com",)
    )
    assert ("block", "us-regf/employer-address") in refusals(contact)


def test_a_domain_that_only_ends_alike_is_not_the_employers() -> None:
    contact = replace(
        a_contact(a_mailbox("ana@notexample.com"), role="third_party"), employer_domains=("example.com",)
    )
    assert ("block", "us-regf/employer-address") not in refusals(contact)


def test_a_mailbox_at_work_is_the_employers() -> None:
    assert ("block", "us-regf/employer-address") in refusals(
        a_contact(a_mailbox(label="work"), role="third_party")
    )


@pytest.mark.parametrize(("said", "held"), [({}, True), ({"public_domain": True}, False)])
def test_a_creditors_notice_covers_only_a_domain_known_to_be_public(
    said: dict[str, bool], held: bool
) -> None:
    notice = Consent(
        kind="address_notice", medium="email", address="ana@mail.example", given_on=date(2026, 9, 1),
        details={"type": "creditor_notice", "optout_by": "2026-10-06", **said},
    )  # fmt: skip
    found = refusals(a_contact(a_mailbox(), role="third_party", consents=(notice,)))
    assert (("hold", "us-regf/email-procedure") in found) is held


def test_a_colombian_who_authorised_nothing_is_not_written_to() -> None:
    bogota: dict[str, Any] = {"country": "CO", "region": "DC", "city": "Bogota"}
    assert refusals(a_contact(a_mailbox(), **bogota)) == {("block", "co-2300/authorised-channels")}
    assert judged(a_contact(a_mailbox(), **bogota, authorised_channels=frozenset({"email"}))).allowed
    assert judged(a_contact(a_mailbox(consent_on=date(2026, 1, 2)), **bogota)).allowed


def test_a_buyer_named_by_the_sender_alone_owes_the_notice_of_transfer() -> None:
    rome: dict[str, Any] = {"country": "IT", "region": "", "city": "Roma"}
    told = Notice(kind="transfer", debt_id=1, sent_on=date(2026, 10, 1))
    assert refusals(a_contact(a_mailbox(), role="debt_buyer", **rome)) == {
        ("block", "eu-2021-2167/transfer-notice")
    }
    assert judged(a_contact(a_mailbox(), role="debt_buyer", **rome, notices=(told,))).allowed


def test_a_letter_to_whoever_lives_there_names_nobody() -> None:
    london: dict[str, Any] = {
        "country": "GB", "region": "", "city": "London", "address_lines": ("1 High Street",), "postal_code": "N1 1AA",
    }  # fmt: skip
    named = a_contact(None, **london)
    nobody = replace(named, person=replace(named.person, name="The Occupier"))
    company = replace(named, person=replace(named.person, name="Occupier Ltd", kind="company"))
    assert judged(named).allowed
    assert judged(company).allowed
    assert refusals(nobody) == {("block", "uk-conc/named-addressee")}
    assert "Occupier" not in str(judged(nobody).reasons), "entries of the log hold no names"


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ((), "original_creditor"),
        (("",), "original_creditor"),
        (("third_party", ""), "third_party"),
        (("third_party", "original_creditor"), "third_party"),
        (("third_party", "debt_buyer"), "debt_buyer"),
    ],
)
def test_of_several_roles_in_one_message_the_most_bound_counts(roles: tuple[str, ...], role: str) -> None:
    assert role_of([replace(_debt(), sender_role=one) for one in roles], "original_creditor") == role


def test_what_the_daily_run_leaves_unsaid_is_listed() -> None:
    boston: dict[str, Any] = {"region": "MA", "city": "Boston", "consents": (_esign(),), "deceased_on": DAY}
    work = {"consent_on": DAY, "label": "work"}
    texted = HistoryEntry(at=NOON, channel="sms", outcome="inbound_from_consumer", direction="inbound")
    contacts = [
        a_contact(a_number("+16175550123", **work), history=(texted,), **boston),
        a_contact(a_mailbox(**work), **boston),
    ]
    actions = [contact_facts(c, now=NOON, zones=(), content=ContentFindings()).action for c in contacts]
    blank = Action(channel="")
    unsaid = {f for f in _names(blank) if all(getattr(a, f) == getattr(blank, f) for a in actions)}
    sources = {s.path.removesuffix(".*"): s.source for s in SOURCES}
    assert unsaid - {"kind"} == {
        "format", "visibility", "caller_id", "in_initial_communication", "notice", "autodialled", "prerecorded", "ai_voice",
        "limited_content", "opted_out",
    }  # fmt: skip
    assert {sources[f"action.{name}"] for name in unsaid - {"opted_out"}} <= {ACT, CANNOT}


def _esign() -> Consent:
    return Consent(kind="esign", medium="", address="", given_on=DAY)


def _names(value: Any) -> set[str]:
    return {field.name for field in fields(value)}


@pytest.mark.parametrize("country", ["US", "GB", "MX", "ES", "CO"])
def test_a_debtor_who_authorised_no_channel_gets_nothing_anywhere(country: str) -> None:
    where: dict[str, Any] = {
        "country": country,
        "region": "",
        "city": "",
        "postal_code": "",
        "address_lines": ("1 High Street",),
    }
    for point in (a_mailbox(), a_number("+447700900123"), None):
        nothing = judged(a_contact(point, **where, authorised_channels=frozenset()))
        assert ("authorised-channels", "block") in {(r.rule, r.outcome.value) for r in nothing.reasons}
    letter = refusals(a_contact(None, **where, authorised_channels=frozenset({"letter"})))
    assert not {rule for _, rule in letter if rule.endswith("authorised-channels")}
    email = refusals(a_contact(a_mailbox(), **where, authorised_channels=frozenset({"letter"})))
    assert ("block", "gate/authorised-channels") in email


MEXICO: dict[str, Any] = {
    "country": "MX",
    "region": "CMX",
    "city": "Ciudad de Mexico",
    "postal_code": "06600",
}


def test_a_mexican_first_contact_is_no_text_message_until_its_block_was_said() -> None:
    mobile = a_number("+525512345678")
    assert ("block", "mx-condusef/first-contact-data") in refusals(a_contact(mobile, **MEXICO))
    assert ("block", "mx-condusef/first-contact-data") not in refusals(a_contact(a_mailbox(), **MEXICO))
    written = {"first_message_on": date(2026, 10, 1)}  # but not with the block
    assert ("block", "mx-condusef/first-contact-data") in refusals(a_contact(mobile, **MEXICO, **written))
    said = {**written, "said": {"mx_first_contact": date(2026, 10, 1)}}
    assert ("block", "mx-condusef/first-contact-data") not in refusals(a_contact(mobile, **MEXICO, **said))


@pytest.mark.parametrize(
    ("content", "held"),
    [
        (ContentFindings(complete=True, optout_notice=True, optout_methods=("link",)), True),
        (
            ContentFindings(
                complete=True, optout_notice=True, optout_methods=("link",), initial_disclosure=True
            ),
            False,
        ),
        (ContentFindings(complete=True, initial_disclosure=True), True),
    ],
)
def test_a_finding_that_nobody_looked_for_holds_where_a_rule_asks_for_it(
    content: ContentFindings, held: bool
) -> None:
    contact = a_contact(a_mailbox(consent_on=date(2026, 10, 1)), role="third_party")
    zones = zones_of(contact.person, contact.point, _desk().places)
    decision = _desk().judge(contact, contact_facts(contact, now=NOON, zones=zones, content=content))
    assert (decision.outcome is Outcome.HOLD) is held, decision


def test_californian_covered_commercial_debt_of_a_collector_asks_for_the_collectors_statement() -> None:
    contact = a_contact(a_mailbox(), role="third_party", region="CA", city="Los Angeles")
    contact = replace(contact, debts=(replace(_debt(), debt_type="covered_commercial"),))
    zones = zones_of(contact.person, contact.point, _desk().places)
    nothing = ContentFindings(complete=True, optout_notice=True, optout_methods=("link",))
    decision = _desk().judge(contact, contact_facts(contact, now=NOON, zones=zones, content=nothing))
    assert ("us-ca", "disclosures") in {(reason.pack, reason.rule) for reason in decision.reasons}


@pytest.mark.parametrize("country", ["US", "GB", "MX", "ZA"])
def test_a_time_barred_debt_is_not_asked_for_unless_a_pack_of_the_place_says_how(country: str) -> None:
    contact = a_contact(a_mailbox(), country=country, region="GA" if country == "US" else "", city="")
    barred = replace(contact, debts=(replace(_debt(), time_barred_on=date(2026, 1, 1)),))
    assert {rule for _, rule in refusals(barred)} & {"desk/time-barred", "za-dca/prescribed"}
    later = replace(contact, debts=(replace(_debt(), time_barred_on=date(2027, 1, 1)),))
    assert ("block", "desk/time-barred") not in refusals(later)


def test_with_the_sentences_of_its_pack_it_may_be() -> None:
    whole = _desk()
    federal = whole.rulebook.packs["US-TCPA"]
    saying = replace(federal, time_barred=TimeBarred(sentences=("us_old_debt",)))
    desk = replace(whole, rulebook=RuleBook({**whole.rulebook.packs, "US-TCPA": saying}))
    contact = replace(a_contact(a_mailbox()), debts=(replace(_debt(), time_barred_on=date(2026, 1, 1)),))
    zones = zones_of(contact.person, contact.point, desk.places)

    def rules(*said: str) -> set[str]:
        content = ContentFindings(complete=True, said=said)
        decision = desk.judge(contact, contact_facts(contact, now=NOON, zones=zones, content=content))
        return {reason.rule for reason in decision.reasons}

    assert "time-barred" in rules()
    assert "time-barred" not in rules("us_old_debt")


def test_a_debt_of_unknown_status_counts_as_barred_at_the_age_that_the_place_names() -> None:
    cape_town = a_contact(a_mailbox(), country="ZA", region="", city="Cape Town")
    old = replace(cape_town, debts=(replace(_debt(), due_date=date(2023, 1, 1)),))
    assert ("block", "desk/time-barred") in refusals(old)
    known = replace(
        cape_town, debts=(replace(_debt(), due_date=date(2023, 1, 1), time_barred_on=date(2028, 1, 1)),)
    )
    assert ("block", "desk/time-barred") not in refusals(known)


def test_two_sources_that_contradict_about_the_role_hold_and_both_are_named() -> None:
    acme = _desk().senders["acme"]
    [reason] = against_sender([replace(_debt(), sender_role="third_party")], "collection", acme)
    assert (reason.outcome, reason.rule) == (Outcome.HOLD, "sender-role")
    assert "ledger's sender_role says third_party" in reason.detail
    assert "config/senders.yaml says original_creditor of acme" in reason.detail
    assert not against_sender([replace(_debt(), sender_role="original_creditor")], "collection", acme)
    assert not against_sender([_debt()], "collection", acme)


def test_a_collector_sends_no_courtesy() -> None:
    agency = replace(_desk().senders["acme"], role="third_party")
    [reason] = against_sender([_debt()], "courtesy", agency)
    assert (reason.outcome, reason.rule) == (Outcome.BLOCK, "collectors-courtesy")
    assert not against_sender([_debt()], "collection", agency)
