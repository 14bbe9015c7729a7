"""Builders for tests of texts: the shipped house style, templates from a few lines, a debtor with a debt."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from channels.kind import ChannelKind
from dispatcher.authoring.template_files import read_template
from dispatcher.rulebook.letter_words import load_letter_words
from dispatcher.rulebook.wording import load_wordings
from dispatcher.values.money import Money
from dispatcher.writing.domain.instalments import flat_plan
from dispatcher.writing.domain.render_inputs import DebtorView, DebtView, RenderInputs
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.layouts import read_layouts
from dispatcher.writing.render import render
from dispatcher.writing.samples import SAMPLE_SENDER

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 11, 18, 0, tzinfo=UTC)
META = "purpose: A test\nowner: Tests\nlegal_basis: none\nkinds: [collection, courtesy]\nsms_segments: 9\n"
_PLACES = {
    "US": ("IL", "Springfield", "62701"),
    "MX": ("CMX", "Ciudad de México", "06600"),
    "ES": ("MD", "Madrid", "28013"),
    "IN": ("MH", "Mumbai", "400001"),
    "DE": ("BE", "Berlin", "10117"),
    "FR": ("IDF", "Paris", "75002"),
    "CA": ("QC", "Montréal", "H2Y 1C6"),
    "BE": ("BRU", "Bruxelles", "1000"),
    "IT": ("RM", "Roma", "00184"),
    "NL": ("UT", "Utrecht", "3511 AB"),
    "BR": ("SP", "São Paulo", "01001-000"),
    "PT": ("11", "Lisboa", "1100-148"),
    "ZA": ("GP", "Johannesburg", "2001"),
    "AU": ("NSW", "Sydney", "2000"),
}
BODY = "About {{ references }}: {{ total }} on {{ as_of }}."
LANGUAGES = sorted(path.stem for path in (ROOT / "config/content").glob("??.yaml"))


def home_of(language):
    """The country in which most of our debtors read it."""
    return {"en": "US", "es": "MX"}.get(language, language.upper())


LETTERS = load_letter_words(ROOT / "config/letters")


@cache
def house_style():
    return read_layouts(ROOT / "templates", load_wordings(ROOT / "config/content"), LETTERS)


@cache
def shipped(name):
    """Its twenty files are read once: four thousand tests ask for it."""
    return compile_version(read_template(ROOT / "templates", name), house_style())


def a_version(name="test", meta=META, **files):
    """A version; files by names such as `en_email`, `es_sms`, `en_letter`. E-mails and letters get a head."""
    made = {"template.yaml": meta}
    for key, text in files.items():
        language, kind = key.rsplit("_", 1)
        path = f"{language.replace('_', '-')}/{ {'email': 'email.md', 'sms': 'sms.txt', 'letter': 'letter.md'}[kind] }"
        head = {
            "email": "---\nsubject: A message\npreheader: A preview\n---\n",
            "letter": "---\ntitle: A letter\n---\n",
            "sms": "",
        }[kind]
        made[path] = text if text.startswith("---") else head + text
    return TemplateVersion(name=name, version=1, files=made)


def compiled(**files):
    return compile_version(a_version(**files), house_style())


def a_debt(**more):
    base = DebtView(
        reference="INV-2041",
        balance=Money(12_050, "USD"),
        original=Money(15_000, "USD"),
        due_date=date(2026, 3, 1),
        days_past_due=10,
        paid=Money(2_950, "USD"),
    )
    return replace(base, **more)


def inputs(
    channel=ChannelKind.EMAIL,
    *,
    name="Ana Pérez",
    language="en",
    country="US",
    debts=None,
    sender=None,
    debtor=None,
    **more,
):
    debts = debts or (a_debt(),)
    total = Money(sum(debt.balance.minor for debt in debts), debts[0].balance.currency)
    base = RenderInputs(
        channel=channel,
        step="test",
        kind="collection",
        as_of=date(2026, 3, 11),
        debtor=DebtorView(
            reference="C-1007",
            name=name,
            language=language,
            country=country,
            region=_PLACES[country][0],
            city=_PLACES[country][1],
            postal_code=_PLACES[country][2],
            address_lines=("12 Sample Lane",),
            **(debtor or {}),
        ),
        sender=replace(SAMPLE_SENDER, **(sender or {})),
        debts=debts,
        total=total,
        first_contact=False,
        first_message_on=date(2026, 3, 2),
        notice_on=date(2026, 2, 20),
        plans=(flat_plan(1, total, 2, date(2026, 4, 1)), flat_plan(2, total, 3, date(2026, 4, 1))),
        plans_valid_until=date(2026, 3, 28),
        handover_on=date(2026, 4, 10),
        handover_firm="Northgate Recoveries LLC",
        optout_url="https://sender.example/u/6bT2x9",
        payment_url="https://pay.sender.example/INV-2041",
        packs=("default",),
    )
    return replace(base, **more)


def rendered(template, made, **more):
    return render(template, made, message_id=more.pop("message_id", "0193-test"), to=more.pop("to", "ana@debtor.example"),
                  to_name=more.pop("to_name", made.debtor.name), now=more.pop("now", NOW), **more)  # fmt: skip
