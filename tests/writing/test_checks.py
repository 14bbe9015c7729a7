import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.kind import ChannelKind
from dispatcher.values.money import Money
from dispatcher.values.sender import AdviceBody
from dispatcher.writing.checks.checks import check_bytes
from dispatcher.writing.checks.intent import DATA
from dispatcher.writing.checks.mask import without_word
from dispatcher.writing.mime import read_email
from dispatcher.writing.samples import a_discount
from tests.writing.desk import (
    BODY,
    LANGUAGES,
    a_debt,
    compiled,
    home_of,
    inputs,
    rendered,
    shipped,
)

EMAIL, SMS, LETTER = ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.LETTER


def rules(result):
    return sorted({finding.rule for finding in result.findings})


@pytest.mark.parametrize("name", ["first-reminder", "second-reminder", "payment-plan-offer", "final-notice"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", [EMAIL, SMS, LETTER])
def test_shipped_texts_pass_and_their_bytes_pass_again(name, language, channel):
    template = shipped(name)
    if not template.has(channel, language):
        pytest.skip(f"{name} has no {channel} text")
    made = inputs(channel, language=language, country=home_of(language))
    result = rendered(template, made)
    assert result.findings == ()
    again = check_bytes(result.body, compiled=template, inputs=made)
    assert again.findings == ()
    assert replace(again.content, optout_text=None) == replace(result.content, optout_text=None)


def test_an_sms_with_a_name_and_no_amount_passes():
    result = rendered(shipped("first-reminder"), inputs(SMS))
    assert result.findings == ()
    assert "Ana Pérez" in result.text
    assert "120" not in result.text
    assert result.segments == 2


@pytest.mark.parametrize("amount", ["{{ total }}", "$120.50", "$99", "120.50 USD", "USD 120"])
def test_an_sms_with_an_amount_is_held(amount):
    result = rendered(
        compiled(en_sms=f"Hello, {{{{ sender.name }}}}: {amount}. Call {{{{ sender.phone }}}}."), inputs(SMS)
    )
    assert rules(result) == (["gives-away-debt"] if amount in {"{{ total }}", "$120.50"} else ["amount"])


def test_an_amount_that_is_not_the_ledgers_is_found_with_its_place():
    result = rendered(compiled(en_email=BODY + "\n\nPlease send $99.00 first."), inputs())
    (finding,) = result.findings
    assert (finding.rule, finding.phrase, finding.part) == ("amount", "$99.00", "text")
    assert (
        read_email(result.body)["text"].split("\n")[finding.line - 1][finding.offset :].startswith("$99.00")
    )


def test_an_amount_hidden_in_another_is_found():
    debts = (a_debt(balance=Money(500, "EUR"), original=Money(500, "EUR"), paid=None),)
    template = compiled(es_email="Sobre {{ references }}: {{ total }}.\n\nEnvíe 25,00\N{NO-BREAK SPACE}€.")
    assert "amount" in rules(rendered(template, inputs(language="es", country="ES", debts=debts)))


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ("{{ references }} is open.", "missing-amount"),
        ("{{ total }} is open.", None),  # the layout names the reference
    ],
)
def test_what_an_email_lacks_is_named(body, missing):
    result = rendered(compiled(en_email=body + " Please have a look."), inputs())
    assert rules(result) == ([missing] if missing else [])


def test_a_text_that_says_nothing_is_held():
    template = compiled(
        meta="purpose: x\nowner: x\nlegal_basis: x\nkinds: [optout_confirmation]\n",
        en_sms="Ok {{ sender.name }}",
    )
    assert rules(rendered(template, inputs(SMS, kind="optout_confirmation", sender={"name": "A"}))) == [
        "empty"
    ]


def test_an_email_without_a_way_to_stop_is_held():
    result = rendered(shipped("first-reminder"), inputs(optout_url=""))
    assert rules(result) == ["missing-optout"]
    assert result.content.optout_notice is False


def test_the_way_to_stop_is_a_link_or_a_word_to_reply():
    assert rendered(shipped("first-reminder"), inputs()).content.optout_methods == ("link",)
    assert rendered(shipped("first-reminder"), inputs(SMS)).content.optout_methods == ("reply_stop",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_true_final_notice_passes(language):
    result = rendered(shipped("final-notice"), inputs(LETTER, language=language, country=home_of(language)))
    assert result.findings == ()
    assert not result.content.threatening
    assert not result.content.resembles_court_document


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"handover_firm": ""}, "handover.firm"),
        ({"handover_on": None}, "handover.on"),
        ({"handover_on": date(2026, 3, 1)}, "Give the true date"),
        ({"first_contact": True}, "send a reminder first"),
    ],
)
def test_a_final_notice_that_is_not_true_is_held(change, advice):
    result = rendered(shipped("final-notice"), inputs(LETTER, **change))
    findings = getattr(result, "findings", (result,))
    assert any(advice in str(finding) for finding in findings)


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("We will pass your account to Hunter Ltd. on {{ handover.on }}.", "handover"),
        ("We will pass your account to {{ handover.firm }} soon.", "handover"),
        (
            "We will pass your account to {{ handover.firm }} on {{ handover.on }} and sue you.",
            "threat-of-suit",
        ),
        ("We will pass your account to {{ handover.firm }} on {{ handover.on }}.", "no-court-sentence"),
    ],
)
def test_a_handover_without_firm_date_or_measure_is_found(sentence, rule):
    assert rule in rules(rendered(compiled(en_email=BODY + "\n\n" + sentence), inputs()))


def test_a_threat_is_a_fact_for_the_gate_and_a_topic_of_a_first_contact():
    result = rendered(compiled(en_email=BODY + "\n\nOur lawyers will sue you."), inputs(first_contact=True))
    assert result.content.threatening
    assert result.content.threatens_suit
    assert "legal_action" in result.content.first_contact_scope


def test_a_first_contact_reminds_and_offers_options_and_nothing_more():
    scope = set(rendered(shipped("first-reminder"), inputs(first_contact=True)).content.first_contact_scope)
    assert scope <= {"remind", "options", "contact", "opt_out"}
    assert "options" in scope


@pytest.mark.parametrize(
    "name",
    ["Sue Court", "Legal Action", "Urgent Final Warning", "None", "$50", "Your Debt", "The Plaintiff", "a"],
)
def test_a_name_that_reads_like_a_threat_does_not_hold_the_message(name):
    assert rendered(shipped("first-reminder"), inputs(name=name)).findings == ()


@pytest.mark.parametrize("channel", [EMAIL, LETTER])
@pytest.mark.parametrize(
    "sender",
    [
        {"contact_person": "Sue Law"},
        {"address_lines": ("Plaza del Juzgado 5",), "city": "Villa Embargo"},
        {"name": "Court Street Dental", "legal_name": "Court Street Dental Inc."},
        {"complaints": {"MX": AdviceBody(name="Procuraduría Federal y Fiscalía")}},
        {"registration": "Juzgado de Registro 7"},
    ],
)
def test_what_the_desk_itself_is_called_and_where_it_sits_does_not_hold_the_message(channel, sender):
    for language, country in (("en", "US"), ("es", "MX")):
        made = inputs(channel, language=language, country=country, sender=sender)
        result = rendered(shipped("first-reminder"), made)
        assert result.findings == ()
        assert check_bytes(result.body, compiled=shipped("first-reminder"), inputs=made).findings == ()


@pytest.mark.parametrize(
    ("language", "street", "city"),
    [("es", "Calle Juzgado 3", "Embargo"), ("en", "5 Sheriff Lane", "Final Notice"), ("es", "", "Tribunal")],
)
def test_where_a_debtor_lives_does_not_hold_the_letter_at_send(language, street, city):
    made = inputs(LETTER, language=language, country="MX")
    made = replace(made, debtor=replace(made.debtor, address_lines=(street or "Av. Uno 1",), city=city))
    body = rendered(shipped("first-reminder"), made).body
    assert check_bytes(body, compiled=shipped("first-reminder"), inputs=made).findings == ()


@pytest.mark.parametrize("country", ["HK", "AE", "CF"])
def test_a_country_in_capitals_does_not_hold_the_letter_that_goes_there(country):
    made = inputs(LETTER)
    made = replace(
        made, debtor=replace(made.debtor, country=country, city="Anytown", postal_code="", region="")
    )
    result = rendered(shipped("first-reminder"), made)
    assert result.findings == ()
    assert check_bytes(result.body, compiled=shipped("first-reminder"), inputs=made).findings == ()


@pytest.mark.parametrize("channel", [EMAIL, LETTER])
@pytest.mark.parametrize("reference", ["CONTRACT-2026-000123-ABCDEFGH-1234567890-XY", "محمد-123"])
def test_references_are_found_again_however_a_page_breaks_or_draws_them(channel, reference):
    made = inputs(channel, debts=tuple(a_debt(reference=f"{reference}{n}") for n in (1, 2, 3)))
    for name in ("first-reminder", "payment-plan-offer"):
        result = rendered(shipped(name), made)
        assert result.findings == ()
        assert check_bytes(result.body, compiled=shipped(name), inputs=made).findings == ()


def test_a_name_that_breaks_at_its_hyphen_is_still_a_name_at_send():
    name = "Embargo-Juzgado Sentencia-Tribunal de los Ríos-Fiscalía del Monte-Apercibida de la Torre-Citación"
    made = inputs(LETTER, language="es", country="MX", name=name)
    body = rendered(shipped("first-reminder"), made).body
    assert check_bytes(body, compiled=shipped("first-reminder"), inputs=made).findings == ()


@pytest.mark.parametrize(
    "message_id",
    [
        "01a1e54d-2280-7752-9cad-7e7efa43ed9c",  # 9 Canadian dollars
        "01a1e54d-2280-7aed-9075-cad0900a73e8",
        "01a1e54d-2280-7d67-9dea-dbeefdead911",
        "01a1e54d-2280-7b1e-8888-12125550199e",
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_id_at_the_foot_of_a_letter_is_read_as_no_amount_and_no_word(message_id, language):
    made = inputs(LETTER, language=language, country=home_of(language))
    body = rendered(shipped("first-reminder"), made, message_id=message_id).body
    assert check_bytes(body, compiled=shipped("first-reminder"), inputs=made).findings == ()


def test_an_amount_beside_what_looks_like_an_id_is_still_found():
    text = BODY + "\n\n01a1e54d-2280-7752-9cad-7e7efa43ed9c: send CAD 9 to 01a1e54d-2280-7752-9cad."
    made = inputs(LETTER)
    body = rendered(compiled(en_letter=text), made).body
    assert "amount" in rules(check_bytes(body, compiled=compiled(en_letter=text), inputs=made))


def test_a_short_name_does_not_hide_the_words_around_it():
    result = rendered(compiled(en_email=BODY + "\n\nWe will sue you."), inputs(name="sue you"))
    assert result.findings == ()  # masked whole: it is the debtor's name
    assert rules(rendered(compiled(en_email=BODY + "\n\nWe will sue you."), inputs(name="u"))) == [
        "threat-of-suit"
    ]


@given(content=st.text("au_ .é", max_size=30), word=st.text("au.é", min_size=1, max_size=5))
def test_a_short_word_is_masked_wherever_it_stands_alone(content, word):
    alone = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    assert without_word(content, word) == alone.sub(DATA, content)


def test_a_name_of_invisible_characters_alone_masks_nothing():
    found = rules(rendered(compiled(en_email=BODY + "\n\nWe will sue you."), inputs(name="\u200b")))
    assert "threat-of-suit" in found


def test_a_threat_in_a_portfolio_column_is_found():
    template = compiled(en_email="{{ debt.extra.note }}. " + BODY)
    assert rules(rendered(template, inputs(debts=(a_debt(extra={"note": "Pay or we will sue you"}),)))) == [
        "threat-of-suit"
    ]


@pytest.mark.parametrize(
    "subject", ["Your debt", "{{ total }}", "Overdue: {{ debt.reference }}", "Payment reminder"]
)
def test_a_subject_that_gives_away_a_debt_is_held(subject):
    template = compiled(en_email=f"---\nsubject: {subject}\npreheader: x\n---\n{BODY}")
    assert rules(rendered(template, inputs())) == ["gives-away-debt"]


def test_a_link_to_a_stranger_is_held():
    assert rules(rendered(compiled(en_email=BODY + " [Look](https://elsewhere.example/x)"), inputs())) == [
        "link"
    ]
    assert rules(rendered(compiled(en_email=BODY + " [Look](https://sender.example/help)"), inputs())) == []


def test_a_plan_that_does_not_add_up_is_held():
    made = inputs()
    wrong = replace(made, plans=(replace(made.plans[0], principal=Money(100, "USD")),))
    assert "plan-total" in rules(rendered(shipped("payment-plan-offer"), wrong))


@pytest.mark.parametrize(
    ("left_out", "rule"),
    [("by {{ discount.pay_by }}", "discount-expiry"), ("{{ tables.plans }}", "discount-alone")],
)
def test_a_discount_without_its_last_day_or_without_a_plan_beside_it_is_held(left_out, rule):
    whole = f"{BODY} {{{{ total }}}}, or pay {{{{ discount.to_pay }}}} by {{{{ discount.pay_by }}}}.\n\n{{{{ tables.plans }}}}"
    whole += "\n\nThe plans are open until {{ plans_valid_until }}."
    made = inputs(discount=a_discount(inputs().total))
    assert rules(rendered(compiled(en_email=whole), made)) == []
    assert rule in rules(rendered(compiled(en_email=whole.replace(left_out, "")), made))


def test_an_sms_that_is_too_long_says_why():
    template = compiled(meta="purpose: x\nowner: x\nlegal_basis: x\nkinds: [collection]\nsms_segments: 1\n",
                        en_sms="{{ sender.name }}, {{ sender.phone }} “" + "x" * 80 + "”")  # fmt: skip
    (finding,) = rendered(template, inputs(SMS)).findings
    assert finding.rule == "sms-length"
    assert "“" in finding.advice


def test_bytes_that_were_changed_after_preparing_are_found():
    template, made = shipped("first-reminder"), inputs(first_message_on=None)
    body = rendered(template, made).body
    tampered = body.replace(b"This may have slipped by", b"We will take you to court")
    assert tampered != body
    assert rules(check_bytes(tampered, compiled=template, inputs=made)) == ["threat-of-suit"]
    assert rules(check_bytes(b"nonsense", compiled=template, inputs=made)) == ["bytes"]


def test_a_balance_that_changed_after_preparing_is_found_in_the_bytes():
    template, made = shipped("first-reminder"), inputs()
    body = rendered(template, made).body
    changed = inputs(debts=(a_debt(balance=Money(5_000, "USD"), original=Money(5_000, "USD")),))
    assert set(rules(check_bytes(body, compiled=template, inputs=changed))) == {"amount", "missing-amount"}


@pytest.mark.parametrize("channel", [EMAIL, SMS])
def test_an_opt_out_confirmation_confirms_and_nothing_else(channel):
    result = rendered(shipped("opt-out-confirmation"), inputs(channel, kind="optout_confirmation"))
    assert result.findings == ()
    assert result.content.only_confirms_optout is True
    assert "INV-2041" not in result.text


def test_every_finding_says_rule_phrase_place_and_what_to_do():
    result = rendered(compiled(en_email=BODY + "\n\nThis is your final warning."), inputs())
    assert [str(finding) for finding in result.findings] == [
        'false-urgency: "final warning" (text, line 3): No hurry and no countdown; give the true date once and how to get help.'
    ]
