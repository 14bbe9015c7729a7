from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy

import pytest

from channels.kind import ChannelKind
from dispatcher.values.money import Money
from dispatcher.writing.language.compiled import language_chain
from dispatcher.writing.letters.reading import read_letter
from dispatcher.writing.render import Rendered, RenderFailure
from dispatcher.writing.working_days import working_day_after
from tests.writing.desk import BODY, META, a_debt, a_version, compiled, inputs, rendered, shipped

EMAIL, SMS, LETTER = ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.LETTER


@pytest.mark.parametrize("channel", [EMAIL, SMS, LETTER])
def test_the_same_inputs_give_the_same_bytes(channel):
    template = shipped("second-reminder")
    assert rendered(template, inputs(channel)).body == rendered(template, inputs(channel)).body


def test_a_language_falls_back_to_its_parent_the_senders_and_english():
    assert language_chain("es-MX", "fr") == ("es-MX", "es", "fr", "en")
    template = compiled(en_email=BODY, es_email="Sobre " + BODY)
    assert template.has(EMAIL, "es-MX")
    assert rendered(template, inputs(language="es-MX")).language == "es"
    assert rendered(template, inputs(language="fr")).language == "en"
    assert not template.has(SMS, "en")


def test_amounts_and_dates_are_written_as_the_debtor_reads_them():
    template = compiled(
        es_email="{{ debt.balance }} {{ debt.due_date }} {{ debt.due_date | short }} {{ words.amount }}"
    )
    debts = (a_debt(balance=Money(123_450, "EUR"), original=Money(123_450, "EUR"), paid=None),)
    assert (
        "1.234,50\N{NO-BREAK SPACE}€ 1 de marzo de 2026 1/3/26 importe"
        in rendered(template, inputs(language="es", country="ES", debts=debts)).text
    )
    pesos = (a_debt(balance=Money(123_450, "MXN"), original=Money(123_450, "MXN"), paid=None),)
    assert (
        "$1,234.50 1 de marzo de 2026 01/03/26 monto"
        in rendered(template, inputs(language="es", country="MX", debts=pesos)).text
    )


def test_an_sms_has_plain_spaces_where_money_has_unbreakable_ones():
    template = compiled(es_sms="{{ sender.name }}: {{ total }}, {{ sender.phone }}")
    debts = (a_debt(balance=Money(123_450, "EUR"), original=Money(123_450, "EUR"), paid=None),)
    assert "1.234,50 €" in rendered(template, inputs(SMS, language="es", country="ES", debts=debts)).text


@pytest.mark.parametrize(("count", "words"), [(1, "1 item"), (2, "2 items")])
def test_plurals_follow_the_number(count, words):
    template = compiled(en_email='{{ debts | length }} {{ debts | plural("item", "items") }}. ' + BODY)
    debts = tuple(a_debt(reference=f"INV-{n}") for n in range(count))
    assert words in rendered(template, inputs(debts=debts)).text


def test_a_value_that_is_empty_holds_the_message_and_says_which():
    failure = rendered(compiled(en_email="Interest: {{ debt.interest }}. " + BODY), inputs())
    assert isinstance(failure, RenderFailure)
    assert str(failure) == (
        "The text needs debt.interest, which is empty for this debtor. "
        "Fill it in, or put it between {% if debt.interest %} and {% endif %} in the template."
    )


def test_a_guarded_value_that_is_empty_is_left_out():
    template = compiled(
        en_email="{% if debt.interest %}Interest: {{ debt.interest }}{% else %}No interest{% endif %}. "
        + BODY
    )
    assert "No interest." in rendered(template, inputs()).text
    assert "Interest: $2.50." in rendered(template, inputs(debts=(a_debt(interest=Money(250, "USD")),))).text


def test_a_further_column_of_the_portfolio_is_printed_and_its_absence_holds_the_message():
    template = compiled(en_email="Meter {{ debt.extra.meter }}. " + BODY)
    assert "Meter 0042." in rendered(template, inputs(debts=(a_debt(extra={"meter": "0042"}),))).text
    assert "debt.extra.meter" in str(rendered(template, inputs()))


def test_loops_write_one_list_over_all_debts():
    template = compiled(
        en_email="{% for debt in debts %}\n- {{ debt.reference }}: {{ debt.balance }}\n{% endfor %}\n\n"
        + BODY
    )
    result = rendered(template, inputs(debts=(a_debt(reference="A-1"), a_debt(reference="A-2"))))
    assert result.html.count("<ul>") == 2  # the debts, and who writes
    assert "- A-1: $120.50\n- A-2: $120.50" in result.text


def test_a_template_is_not_used_for_a_step_of_another_kind():
    failure = rendered(shipped("due-soon"), inputs(kind="collection"))
    assert str(failure).startswith("Template due-soon serves courtesy, not a collection step.")


@pytest.mark.parametrize(
    "address",
    ["", "ana", "ana@", "a@b\nBcc: x@y.example", "<a@b.example>", "ana@exa mple.com", "ána@debtor.example"],
)
def test_an_address_that_no_server_takes_holds_the_message(address):
    failure = rendered(shipped("first-reminder"), inputs(), to=address)
    assert isinstance(failure, RenderFailure)
    assert failure.rule == "address"


@pytest.mark.parametrize(
    "name",
    ["Ana\r\nBcc: victim@x.example", "Ana\nSubject: hi", "Ana\x00\x1b[31m", "=?utf-8?B?QmNj?=", "A" * 4000],
)
def test_a_name_cannot_add_headers(name):
    message = message_from_bytes(
        rendered(shipped("first-reminder"), inputs(name=name)).body, policy=policy.default
    )
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "X-Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post",
         "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type"]
    )  # fmt: skip
    assert [address.addr_spec for address in message["To"].addresses] == ["ana@debtor.example"]


def test_a_right_to_left_name_is_isolated_where_the_medium_takes_it():
    result = rendered(shipped("first-reminder"), inputs(name="محمد علي"))
    assert "Hello <bdi>محمد علي</bdi>," in result.html
    assert "Hello \u2068محمد علي\u2069," in result.text
    assert result.subject.startswith("\u2068محمد علي\u2069,")
    assert "\u2068" not in rendered(shipped("first-reminder"), inputs(SMS, name="محمد علي")).text
    assert result.findings == ()


def test_directional_overrides_and_control_characters_of_a_name_are_dropped():
    result = rendered(shipped("first-reminder"), inputs(name="A\u202ena\x07 P\u2066é\u200brez\u2069\x1b"))
    assert "Hello Ana Pérez," in result.text
    assert "Hello Ana Pérez," in result.html


def test_a_letter_shows_name_and_address_alone_in_its_window():
    result = rendered(shipped("final-notice"), inputs(LETTER))
    assert isinstance(result, Rendered)
    assert read_letter(result.body).window.split("\n")[1].strip() == "Ana Pérez"
    assert "INV-2041" not in read_letter(result.body).window


def test_a_letter_without_an_address_says_in_a_sentence_what_to_do():
    made = inputs(LETTER)
    failure = rendered(
        shipped("first-reminder"), replace(made, debtor=replace(made.debtor, address_lines=(), city=""))
    )
    assert isinstance(failure, RenderFailure)
    assert "Correct it in the portfolio or choose another channel." in str(failure)


def test_a_further_placeholder_of_the_first_debt_is_that_of_the_oldest():
    template = compiled(en_email="{{ debt.reference }} of {{ references }}. " + BODY)
    debts = (a_debt(reference="OLD", due_date=date(2026, 1, 1)), a_debt(reference="NEW"))
    assert "OLD of OLD, NEW." in rendered(template, inputs(debts=debts)).text


def test_a_version_is_compiled_once(house):
    from dispatcher.writing.language.compile import compile_version

    version = a_version(en_email=BODY)
    assert compile_version(version, house) is compile_version(a_version(en_email=BODY), house)
    assert compile_version(version, house) is not compile_version(
        a_version(en_email=BODY, meta=META + "\n"), house
    )


def test_a_date_to_answer_by_counts_the_working_days_of_the_readers_country():
    text = compiled(
        en_email="About {{ references }}: {{ total }}. We hope to hear from you by {{ reply_by }}."
    )
    result = rendered(text, inputs())
    assert "by March 25, 2026" in result.text
    assert result.findings == ()
    mexican = rendered(text, inputs(country="MX"))
    assert "March 26, 2026" in mexican.text  # the birthday of Juárez is kept on March 16


def test_where_no_calendar_is_known_monday_to_friday_count():
    assert working_day_after(date(2026, 3, 13), 1, "ZZ") == date(2026, 3, 16)


@pytest.mark.parametrize("length", [9, 13, 15, 17])  # where the amount comes to the end of a line
def test_neither_an_amount_nor_a_word_is_broken_at_the_end_of_a_line_of_a_letter(length):
    debts = [a_debt(balance=Money(44_177, "USD")), a_debt(reference="INV-2", balance=Money(1_000, "USD"))]
    made = inputs(ChannelKind.LETTER, debts=debts)
    made = replace(made, sender=replace(made.sender, creditor_name="Acme " + "x" * length))
    paper = read_letter(rendered(shipped("first-reminder"), made).body).text
    assert "$451.77 was open" in " ".join(paper.split())
