"""The sentences that a law wants in a notice or after it: each is there, and without it the text is held."""

from dataclasses import replace

import pytest

from channels.kind import ChannelKind
from dispatcher.writing.checks.checks import check, check_bytes
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.mime import read_email
from tests.writing.desk import a_debt, house_style, inputs, rendered, shipped

EMAIL, SMS, LETTER = ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.LETTER
COLLECTOR = {
    "role": "third_party",
    "creditor_name": "Example Lender Ltd.",
    "creditor_address": "1 rue de la Paix, 75002 Paris",
}
META = "purpose: A notice\nowner: Tests\nlegal_basis: the law of the place\nkinds: [notice]\n"
BODY = {"fr": "Au sujet de votre compte chez {{ creditor.name }} : {{ total }} ({{ references }})."}
EXTRA = {
    "basis": "contrat de services du 3 mai 2024",
    "penalty": "intérêts de 4 % par an",
    "enterprise_number": "0123.456.789",
    "product": "abonnement de mars 2026",
}
NOTICES = {  # (language, pack, country) and the names that its rule asks for
    ("fr", "fr-cpce", "FR"): ("collector", "creditor", "basis", "breakdown", "ways_to_pay", "article_l111_8"),
    ("fr", "be-xix", "BE"): ("penalty", "enterprise_number", "product", "due_date", "period"),
}


def a_notice(language):
    files = {
        "template.yaml": META,
        f"{language}/email.md": f"---\nsubject: {{{{ sender.name }}}}\npreheader: {{{{ sender.name }}}}\n---\n{BODY[language]}\n",
        f"{language}/letter.md": f"---\ntitle: {{{{ sender.name }}}}\n---\n{BODY[language]}\n",
    }
    return compile_version(TemplateVersion(name="notice", version=1, files=files), house_style())


def noticed(channel, language, pack, country, extra=EXTRA, **more):
    return inputs(
        channel, language=language, country=country, kind="notice", sender=COLLECTOR, packs=("default", pack),
        debts=(replace(a_debt(), extra=extra),), **more,
    )  # fmt: skip


@pytest.mark.parametrize("case", NOTICES)
@pytest.mark.parametrize("channel", [EMAIL, LETTER])
@pytest.mark.parametrize("first", [True, False])
def test_a_notice_says_all_that_its_law_wants(case, channel, first):
    template = a_notice(case[0])
    made = noticed(channel, *case, first_contact=first)
    result = rendered(template, made)
    assert result.findings == ()
    assert set(NOTICES[case]) <= set(result.content.looked_for)
    assert check_bytes(result.body, compiled=template, inputs=made).findings == ()


@pytest.mark.parametrize("column", EXTRA)
def test_a_notice_is_held_where_the_ledger_lacks_what_it_must_say(column):
    failed = [
        case
        for case in NOTICES
        if f"debt.extra.{column}"
        in str(
            rendered(
                a_notice(case[0]),
                noticed(LETTER, *case, extra={k: v for k, v in EXTRA.items() if k != column}),
            )
        )
    ]
    assert len(failed) == 1


def test_a_collectors_notice_is_held_where_its_sender_does_not_say_where_the_creditor_is():
    made = noticed(LETTER, "fr", "fr-cpce", "FR")
    silent = replace(made, sender=replace(made.sender, creditor_address=""))
    assert "creditor.address" in str(rendered(a_notice("fr"), silent))


@pytest.mark.parametrize("case", NOTICES)
def test_a_notice_without_any_one_line_that_its_law_wants_is_held(case):
    template, made = a_notice(case[0]), noticed(EMAIL, *case)
    parts = read_email(rendered(template, made).body)
    plain = rendered(template, replace(made, packs=("default",))).text.split("\n")
    wanted = [line for line in parts["text"].split("\n") if line.strip() and line not in plain]
    assert len(wanted) >= len(NOTICES[case])
    missed = set()
    for line in wanted:
        less = {**parts, "text": parts["text"].replace(line, "")}
        report = check(less, text=template.text(EMAIL, case[0], case[0]), inputs=made)
        assert report.content.missing, line
        missed |= set(report.content.missing)
    assert missed >= set(NOTICES[case])


@pytest.mark.parametrize("channel", [EMAIL, SMS, LETTER])
def test_what_follows_the_first_letter_in_france_names_its_date_and_reference(channel):
    made = inputs(channel, language="fr", country="FR", sender=COLLECTOR, packs=("default", "fr-cpce"))
    result = rendered(shipped("second-reminder"), made)
    assert "Ce message fait suite à notre lettre du 20 février 2026, référence INV-2041." in result.text
    assert result.findings == ()
    assert "first_letter_reference" in result.content.looked_for
    assert "notice_on" in str(rendered(shipped("second-reminder"), replace(made, notice_on=None)))
