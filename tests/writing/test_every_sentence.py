"""Every rule about a text, in every language that its debtors read, by every medium: the sentence is there, or nothing goes."""

from dataclasses import replace
from datetime import date

import pytest

from channels.kind import ChannelKind
from dispatcher.gate.facts import Kind
from dispatcher.gate.guards.content import Disclosures, RequiredContent
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.values.sender import AdviceBody
from dispatcher.values.validation_period import validation_period_end
from dispatcher.writing.checks.checks import check
from dispatcher.writing.checks.sentences import ALWAYS, unwritten
from dispatcher.writing.render import render_words
from dispatcher.writing.samples import an_itemization
from tests.writing.desk import ROOT, a_debt, house_style, inputs, shipped

BOOK = load_rule_packs(ROOT / "config" / "rules")
READ_BY = {
    "US-REGF": ("US", ("en", "es")),
    "US-CA": ("US", ("en", "es")),
    "MX-CONDUSEF": ("MX", ("es", "en")),
    "DE-RDG": ("DE", ("de",)),
    "FR-CPCE": ("FR", ("fr",)),
    "BE-XIX": ("BE", ("fr", "nl")),
    "IT-GARANTE": ("IT", ("it",)),
    "ZA-DCA": ("ZA", ("en",)),
    "EU-2021-2167": ("IT", ("de", "en", "es", "fr", "it", "nl", "pt")),
    "ES-CONDUCT": ("ES", ("es", "en")),
    "AU-RG96": ("AU", ("en",)),
    "CA-QC": ("CA", ("fr", "en")),
}
FIRST, TRANSFER = "first_written", "transfer"
NOTICES = {FIRST: ("first-notice",), "validation": ("validation-notice",), TRANSFER: ("transfer-notice",)}
SAID_BY = {  # what a rule binds -> kind of message, which notice, templates
    Kind.VALIDATION_NOTICE: ("notice", "validation", NOTICES["validation"]),
    Kind.LEGALLY_REQUIRED_NOTICE: ("notice", FIRST, NOTICES[FIRST]),
    Kind.COLLECTION: ("collection", "", ("first-reminder", "second-reminder", "payment-plan-offer")),
}
COLUMNS = {
    "claim_reason": "Vertrag vom 3. Februar 2024",
    "creditor_address": "1 rue de la Paix, 75002 Paris",
    "basis": "contrat de services du 3 mai 2024",
    "penalty": "4 % par an",
    "enterprise_number": "0123.456.789",
    "product": "mars 2026",
}
AUTHORITY = AdviceBody(name="Bundesamt für Justiz", address="Adenauerallee 99-103, 53113 Bonn")
COMPLAINTS = AdviceBody(name="Unidad Especializada", phone="+52 55 5555 0142", email="unidad@sender.example")


def said_by(rule, bound):
    """Kind, notice and templates of the messages of a kind that the rule is about."""
    kind, notice, templates = SAID_BY[bound]
    asked = sorted(getattr(rule.guard, "notices", ()))
    return (kind, asked[0], NOTICES[asked[0]]) if kind == "notice" and asked else (kind, notice, templates)


def names_of(guard):
    """The sentences that a rule asks for, whatever their kind."""
    if isinstance(guard, Disclosures):
        return frozenset({guard.statement}) - {""}
    return (guard.elements | guard.sentences) - ALWAYS if isinstance(guard, RequiredContent) else frozenset()


ASKING = [(pack, rule) for pack in BOOK for rule in pack.rules if names_of(rule.guard)]
WALKED = [
    pytest.param(
        pack, rule, language, channel, bound, id=f"{pack.name}/{rule.id}-{language}-{channel}-{bound}"
    )
    for pack, rule in ASKING
    for language in READ_BY.get(pack.name, ("", ()))[1]
    for channel in ChannelKind
    for bound in SAID_BY
    if channel in rule.channels and bound in rule.kinds and bound in rule.kinds
    if not getattr(rule.guard, "media", ()) or channel in rule.guard.media
]


def a_message(pack, rule, language, channel, bound, *, first):
    country, _ = READ_BY[pack.name]
    kind, notice, _ = said_by(rule, bound)
    debt = a_debt(extra=COLUMNS, transferred_on=date(2026, 1, 15), transferred_by="Bank of Rockville")
    return inputs(
        channel, language=language, country=country, kind=kind, notice=notice, packs=("default", pack.name.lower()),
        first_contact=first, validation_ends_on=validation_period_end(date(2026, 3, 11)),
        debts=(replace(debt, itemization=an_itemization(debt.balance)),),
        sender={
            "role": "third_party", "creditor_name": "Example Lender Ltd.", "creditor_address": "1 rue de la Paix, Paris",
            "supervisors": {"DE": AUTHORITY}, "complaints": {country: COMPLAINTS}, "registration": "0123.456.789",
        },
    )  # fmt: skip


def test_no_pack_that_asks_for_words_is_left_out():
    assert {pack.name for pack, _ in ASKING} == set(READ_BY)


@pytest.mark.parametrize(("pack", "rule", "language", "channel", "bound"), WALKED)
def test_each_sentence_is_written_said_by_the_shipped_texts_and_missed_without(
    pack, rule, language, channel, bound
):
    _, _, templates = said_by(rule, bound)
    compiled = [shipped(name) for name in templates if shipped(name).texts.get((language, channel))]
    if not compiled:
        pytest.skip("no such text is shipped, so no such message is made")
    looked_for, missed = set(), set()
    assert not unwritten(pack, rule, house_style().wording(language), channel, "third_party")
    for template in compiled:
        for first in (True, False):
            made = a_message(pack, rule, language, channel, bound, first=first)
            draft = render_words(template, made)
            assert draft.report.findings == ()
            looked_for |= set(draft.report.content.looked_for)
            text = template.texts[language, channel]
            for line in filter(str.strip, draft.parts["text"].split("\n")):
                less = {**draft.parts, "text": draft.parts["text"].replace(line, "")}
                missed |= set(check(less, text=text, inputs=made).content.missing)
    assert names_of(rule.guard) <= looked_for
    assert names_of(rule.guard) <= missed
