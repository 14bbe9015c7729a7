from shutil import copytree

import pytest

from dispatcher.rulebook.senders import load_senders
from dispatcher.rulebook.wording import load_wordings
from dispatcher.rulebook.yaml_file import ConfigError
from tests.shared import ROOT

MINIMAL = """senders:
  acme:
    name: Acme
    legal_name: Acme Inc.
    role: original_creditor
    contact_person: Robin Ellis
    contact_hours: {en: 9 to 5}
    phone: +1 212 555 0142
    email: hello@acme.example
    website: https://acme.example
    address_lines: [100 Example Street]
    city: New York
    country: US
    payment_url: "https://pay.acme.example/{debt_reference}"
"""


def senders(tmp_path, text):
    path = tmp_path / "senders.yaml"
    path.write_text(text, encoding="utf-8")
    return load_senders(path)


def test_the_shipped_senders_are_acme_and_ibm():
    shipped = load_senders(ROOT / "config/senders.yaml")
    assert sorted(shipped) == ["acme", "ibm"]
    assert all(sender.role == "original_creditor" for sender in shipped.values())
    assert all(sender.complaints["MX"].email for sender in shipped.values())
    assert shipped["acme"].advice["US"].website == "www.nfcc.org"


def test_a_sender_needs_little_and_the_rest_follows(tmp_path):
    acme = senders(tmp_path, MINIMAL)["acme"]
    assert (acme.creditor_name, acme.reply_to, acme.plan_counts) == (
        "Acme Inc.",
        "hello@acme.example",
        (2, 3, 6),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "    role: original_creditor\n",
            "    role: creditor\n",
            "senders.yaml:5: senders.acme.role: 'creditor' is none of original_creditor",
        ),
        ("    phone: +1 212 555 0142\n", "", "senders.yaml:2: senders.acme: 'phone' is a required property"),
        ("    phone:", "    telephone:", "unknown key"),
        (
            "role: original_creditor",
            "role: third_party",
            "senders.acme.creditor_name: is missing: who writes for another must name that other",
        ),
        ("https://pay", "http://pay", "senders.acme.payment_url"),
        (
            "    phone:",
            "    charges: eu-1900\n    phone:",
            "senders.acme.charges: 'eu-1900' is no statute of",
        ),
        ("country: US", "country: USA", "senders.yaml:13: senders.acme.country"),
        ("  acme:\n", "  acme:\n    name: Twice\n", "stands here twice"),
    ],
)
def test_a_wrong_entry_names_file_line_and_key(tmp_path, old, new, said):
    assert old in MINIMAL
    with pytest.raises(ConfigError) as refused:
        senders(tmp_path, MINIMAL.replace(old, new))
    assert said in str(refused.value)


def wordings(tmp_path, old, new):
    for folder in ("intents", "examples"):
        copytree(ROOT / "config/content" / folder, tmp_path / folder)
    for language in ("en", "es"):
        text = (ROOT / f"config/content/{language}.yaml").read_text(encoding="utf-8")
        assert language == "es" or old in text
        (tmp_path / f"{language}.yaml").write_text(
            text.replace(old, new) if language == "en" else text, encoding="utf-8"
        )
    return load_wordings(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"law ?suits?"', '"law ?suits?("', "is no regular expression"),
        ("language: en\n", "language: xx\n", "is xx, the file's name says en"),
        ("    fact: threatens_suit\n", "    facts: threatens_suit\n", 'unknown key; did you mean "fact"?'),
        ("    source: 12 CFR 1006.18(e)(1), (2)\n", "", "'source' is a required property"),
    ],
)
def test_a_wrong_wording_names_file_line_and_key(tmp_path, old, new, said):
    with pytest.raises(ConfigError) as refused:
        wordings(tmp_path, old, new)["en"].compile()
    assert said in str(refused.value)
    assert "en.yaml:" in str(refused.value)


def test_a_language_without_its_families_of_intent_is_refused(tmp_path):
    text = (ROOT / "config/content/en.yaml").read_text(encoding="utf-8")
    (tmp_path / "en.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"intents/en\.yaml: is missing"):
        load_wordings(tmp_path)


def test_a_word_that_the_lexicon_does_not_have_is_named(tmp_path):
    copytree(ROOT / "config/content", tmp_path / "content")
    intents = tmp_path / "content/intents/en.yaml"
    intents.write_text(intents.read_text(encoding="utf-8").replace("<third>", "<thirds>"), encoding="utf-8")
    with pytest.raises(ConfigError, match="<thirds> is not in the lexicon"):
        load_wordings(tmp_path / "content")
