"""Rule packs are read with errors that name file, line and key, and apply where they say."""

from datetime import UTC, date, datetime
from pathlib import Path

import holidays
import pytest

from dispatcher.gate.decision import Outcome
from dispatcher.gate.rule_book import RuleBook, UnknownPackError
from dispatcher.gate.rules import RulePack
from dispatcher.rulebook.holiday_calendar import is_known
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.rulebook.packs import load_rule_packs
from dispatcher.rulebook.questions import answer
from dispatcher.rulebook.yaml_file import ConfigError
from tests.shared import ROOT

TODAY = date(2026, 11, 23)
WORDS = load_optout_words(ROOT / "config" / "content" / "optout_words.yaml")
PACK = """pack: XX-TEST
title: A pack for tests
version: "1"
applies:
  - {country: XX}
rules:
  - id: hours
    says: Only by day.
    family: allowed_time
    parameters:
      hours: {daily: 08:00-20:00}
    reference: {title: A law}
    valid_from: 2026-01-01
    status: law
    verified: official
"""


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_rule_packs(ROOT / "config" / "rules")


def _read(folder: Path, text: str) -> RulePack:
    (folder / "xx-test.yaml").write_text(text, encoding="utf-8")
    return load_rule_packs(folder, only=["xx-test"]).pack("XX-TEST")


def test_a_pack_is_read_as_written(tmp_path: Path) -> None:
    pack = _read(tmp_path, PACK + "reviewed: {by: A. Counsel, on: 2026-11-01, note: all of it}\n")
    assert (pack.name, pack.title, pack.version, len(pack.rules)) == ("XX-TEST", "A pack for tests", "1", 1)
    assert pack.reviewed is not None
    assert (pack.reviewed.by, pack.reviewed.on, pack.reviewed.note) == (
        "A. Counsel",
        date(2026, 11, 1),
        "all of it",
    )
    assert pack.stamp.startswith("xx-test@1/")


def test_a_pack_may_say_how_early_a_courtesy_goes(tmp_path: Path) -> None:
    rule = "family: courtesy_window\n    parameters: {days_before: 7}\n    kinds: [courtesy]\n"
    hours = "family: allowed_time\n    parameters:\n      hours: {daily: 08:00-20:00}\n"
    pack = _read(tmp_path, PACK.replace(hours, rule))
    answers = []
    for day in (2, 3):
        facts = {
            "packs": ["XX-TEST"],
            "now_utc": f"2026-11-{day:02d}T12:00:00Z",
            "tz_candidates": [{"source": "residence", "tz": "Europe/London"}],
            "action": {"channel": "email", "kind": "courtesy"},
            "debt": {"due": "2026-11-10"},
        }
        answers.append(answer(facts, load_rule_packs(tmp_path, only=["xx-test"]), WORDS))
    assert pack.rules[0].family == "courtesy_window"
    assert [each.outcome for each in answers] == [Outcome.DEFER, Outcome.ALLOW]
    assert answers[0].not_before == datetime(2026, 11, 3, tzinfo=UTC)


def test_another_text_has_another_digest(tmp_path: Path) -> None:
    first = _read(tmp_path, PACK).digest
    assert _read(tmp_path, PACK.replace("20:00", "20:30")).digest != first


@pytest.mark.parametrize(
    ("wrong", "right", "where", "words"),
    [
        ("familly: allowed_time", "family: allowed_time", ":9: rules.0.familly", 'did you mean "family"'),
        ("family: alowed_time", "family: allowed_time", ":9: rules.0.family", 'did you mean "allowed_time"'),
        ("      hors:", "      hours:", ":11: rules.0.parameters.hors", 'did you mean "hours"'),
        ("daily: 20:00-08:00", "daily: 08:00-20:00", ":10: rules.0.parameters", "ends before it begins"),
        ("daily: 08:00-25:00", "daily: 08:00-20:00", ":10: rules.0.parameters", "25:00"),
        ("daily: eight", "daily: 08:00-20:00", ":11: rules.0.parameters.hours.daily", "eight"),
        ("fri-mon: 08:00-20:00", "daily: 08:00-20:00", ":10: rules.0.parameters", "runs backwards"),
        ("mon: 08:00-20:00, holidays: closed", "daily: 08:00-20:00", ":10: rules.0.parameters", "calendar"),
        ("status: laws", "status: law", ":14: rules.0.status", 'did you mean "law"'),
        ("valid_from: soon", "valid_from: 2026-01-01", ":13: rules.0.valid_from", "no date"),
        ("pack: XX-OTHER", "pack: XX-TEST", ":1: pack", "xx-other.yaml"),
        ("country: XXX", "country: XX", ":5: applies.0.country", "XXX"),
        ("    id: twice\n    says: Only by day.", "    says: Only by day.", ":8: id", "twice"),
        ("    channels: [fax]\n    says: Only by day.", "    says: Only by day.", ":8: rules.0.channels.0", "'fax'"),
        ("    channels: [sms]\n    except_channels: [call]\n    says: x", "    says: Only by day.", ":9: rules.0.except_channels", "keep one"),
    ],
)  # fmt: skip
def test_a_fault_names_file_line_and_key(
    tmp_path: Path, wrong: str, right: str, where: str, words: str
) -> None:
    assert right in PACK
    with pytest.raises(ConfigError) as raised:
        _read(tmp_path, PACK.replace(right, wrong))
    assert f"xx-test.yaml{where}" in str(raised.value)
    assert words in str(raised.value)


def test_all_faults_of_a_file_are_told_at_once_in_the_order_of_its_lines(tmp_path: Path) -> None:
    text = PACK.replace("      hours:", "      hors:").replace("status: law", "status: laws")
    with pytest.raises(ConfigError) as raised:
        _read(tmp_path, text.replace("country: XX", "country: XXX"))
    told = [line.split(": ")[1] for line in str(raised.value).splitlines()]
    assert told == [
        "applies.0.country",
        "rules.0.parameters.hors",
        "rules.0.parameters",  # which lack `hours`
        "rules.0.status",
    ]


def test_a_family_without_its_parameters_is_a_fault(tmp_path: Path) -> None:
    text = PACK.replace("    parameters:\n      hours: {daily: 08:00-20:00}\n", "")
    with pytest.raises(ConfigError, match="parameters"):
        _read(tmp_path, text)


def test_an_unknown_zone_or_holiday_calendar_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Mars"):
        _read(
            tmp_path,
            PACK.replace("{daily: 08:00-20:00}", "{daily: 08:00-20:00}\n      location: Mars/Olympus"),
        )
    with pytest.raises(ConfigError, match="no holiday calendar for XX"):
        _read(
            tmp_path,
            PACK.replace(
                "{daily: 08:00-20:00}",
                "{daily: 08:00-20:00, holidays: closed}\n      calendar: {country: XX}",
            ),
        )


def test_two_rules_of_one_id_are_a_fault(tmp_path: Path) -> None:
    rule = PACK[PACK.index("  - id: hours") :]
    with pytest.raises(
        ConfigError, match=r"xx-test.yaml:16: rules.1.id: 'hours' is the id of an earlier rule"
    ):
        _read(tmp_path, PACK + rule)


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("pack: ONE\n")
    (tmp_path / "two.yaml").write_text("pack: TWO\n")
    with pytest.raises(ConfigError) as raised:
        load_rule_packs(tmp_path)
    assert "one.yaml" in str(raised.value)
    assert "two.yaml" in str(raised.value)


def test_an_empty_folder_is_no_law(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing is sent"):
        load_rule_packs(tmp_path)


def test_the_house_rules_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "xx-test.yaml").write_text(PACK)
    with pytest.raises(ConfigError, match=r"default\.yaml is missing"):
        load_rule_packs(tmp_path)


def _applying(book: RuleBook, country: str | None, **more: object) -> list[str]:
    found = book.applicable(residence_country=country, on=TODAY, **more)
    return [pack.name for pack in found]


@pytest.mark.parametrize(
    ("where", "packs"),
    [
        ({"country": None}, ["DEFAULT"]),
        ({"country": "FR"}, ["DEFAULT", "EU-2021-2167", "FR-CPCE"]),
        ({"country": "ES"}, ["DEFAULT", "ES-CONDUCT", "ES-POLICY"]),
        ({"country": "MX"}, ["DEFAULT", "MX-CONDUSEF"]),
        ({"country": "UK"}, ["DEFAULT", "UK-CONC"]),
        ({"country": "GB", "debt_type": "mortgage"}, ["DEFAULT", "UK-MCOB"]),
        ({"country": "GB", "debt_type": "credit_card"}, ["DEFAULT", "UK-CONC"]),
        ({"country": "CA", "residence_region": "QC", "debt_type": "mortgage"}, ["CA-QC", "DEFAULT"]),
        ({"country": "US", "residence_region": "TX", "sender_role": "third_party", "debt_type": "auto_loan"}, ["DEFAULT", "US-REGF", "US-TCPA"]),
        ({"country": "BR", "residence_region": "SP"}, ["BR-SP", "DEFAULT"]),
        ({"country": "BR", "residence_region": "BR-BA"}, ["BR-POLICY", "DEFAULT"]),
        ({"country": "CA", "residence_region": "ON"}, ["CA-ON", "DEFAULT"]),
        ({"country": "CA", "residence_region": "ON", "sender_role": "original_creditor"}, ["DEFAULT"]),
        ({"country": "US", "residence_region": "TX", "sender_role": "original_creditor"}, ["DEFAULT", "US-TCPA"]),
        ({"country": "US", "residence_postcode": "78701", "sender_role": "original_creditor"}, ["DEFAULT", "US-TCPA"]),
        ({"country": "US", "residence_region": "TX", "sender_role": "third_party"}, ["DEFAULT", "US-REGF", "US-TCPA"]),
        ({"country": "US", "sender_role": "original_creditor"}, ["DEFAULT", "US-CA", "US-DC", "US-FL-FCCPA", "US-MA", "US-NYC-SHIELD", "US-TCPA", "US-WV"]),
        ({"country": "US", "residence_region": "NY", "sender_role": "original_creditor"}, ["DEFAULT", "US-NYC-SHIELD", "US-TCPA"]),
        ({"country": "BR"}, ["BR-AL", "BR-AM", "BR-ES", "BR-POLICY", "BR-RJ", "BR-SP", "DEFAULT"]),
        ({"country": "US", "residence_region": "TX", "sender_role": "third_party", "debt_type": "commercial"}, ["DEFAULT", "US-TCPA"]),
        ({"country": "US", "residence_region": "MA", "sender_role": "original_creditor"}, ["DEFAULT", "US-MA", "US-TCPA"]),
        ({"country": "us", "residence_region": "NY", "residence_city": "Brooklyn"}, ["DEFAULT", "US-NY-DFS", "US-NYC-SHIELD", "US-REGF", "US-TCPA"]),
        ({"country": "US", "residence_region": "NY", "residence_city": "Albany"}, ["DEFAULT", "US-NY-DFS", "US-REGF", "US-TCPA"]),
        ({"country": "US", "residence_region": "CA", "debt_type": "covered_commercial"}, ["DEFAULT", "US-CA", "US-TCPA"]),
        ({"country": "CA", "residence_postcode": "v6b 1a1"}, ["CA-BC", "DEFAULT"]),
        ({"country": "BR", "residence_postcode": "1310-100"}, ["BR-POLICY", "BR-SP", "DEFAULT"]),
        ({"country": "US", "sender_role": "original_creditor", "residence_postcode": "2108"}, ["DEFAULT", "US-MA", "US-TCPA"]),
        ({"country": "US", "sender_role": "original_creditor", "residence_region": "NY", "residence_city": "Astoria", "residence_postcode": "11102-0001"}, ["DEFAULT", "US-NYC-SHIELD", "US-TCPA"]),
        ({"country": "DE", "residence_postcode": "20095"}, ["DE-RDG", "DEFAULT", "EU-2021-2167"]),
        ({"country": "MX", "phone_country": "CO"}, ["CO-2300", "DEFAULT", "MX-CONDUSEF"]),
        ({"country": "MX", "phone_country": "US", "phone": "+13055550123"}, ["DEFAULT", "MX-CONDUSEF", "US-FL-FCCPA", "US-REGF", "US-TCPA"]),
    ],
)  # fmt: skip
def test_packs_follow_from_residence_telephone_role_and_debt(
    book: RuleBook, where: dict[str, str], packs: list[str]
) -> None:
    of_a_whole_country = {"HOUSE", "US-BANKRUPTCY"}  # for every sender, debt and place in it
    assert [name for name in _applying(book, **where) if name not in of_a_whole_country] == packs


def test_a_debt_type_counts_from_its_date(book: RuleBook) -> None:
    place = {"residence_country": "US", "residence_region": "CA", "debt_type": "covered_commercial"}
    before = book.applicable(**place, on=date(2025, 6, 30))
    after = book.applicable(**place, on=date(2025, 7, 1))
    assert {pack.name for pack in after} - {pack.name for pack in before} == {"US-CA"}


def test_a_creditors_own_pack_is_added_by_name(tmp_path: Path) -> None:
    (tmp_path / "default.yaml").write_text((ROOT / "config" / "rules" / "default.yaml").read_text())
    (tmp_path / "xx-test.yaml").write_text(PACK.replace("applies:\n  - {country: XX}\n", ""))
    book = load_rule_packs(tmp_path)
    assert _applying(book, "US") == ["DEFAULT"]
    assert _applying(book, "US", extra=("xx-test",)) == ["DEFAULT", "XX-TEST"]
    with pytest.raises(UnknownPackError, match="did you mean XX-TEST"):
        _applying(book, "US", extra=("xx-tset",))


def test_only_the_packs_named_are_loaded(book: RuleBook) -> None:
    only = load_rule_packs(ROOT / "config" / "rules", only=["default"])
    assert list(only.packs) == ["DEFAULT"]
    assert _applying(only, "MX", extra=("acme-policy",)) == ["DEFAULT"]
    with pytest.raises(ConfigError, match=r"RULES__ONLY.*did you mean DEFAULT"):
        load_rule_packs(ROOT / "config" / "rules", only=["defualt"])


def test_packs_without_counsels_word_are_listed(book: RuleBook, tmp_path: Path) -> None:
    assert {pack.name for pack in book.unreviewed()} == set(book.packs)
    reviewed = _read(tmp_path, PACK + "reviewed: {by: A. Counsel, on: 2026-11-01}\n")
    assert book.unreviewed([reviewed, book.pack("default")]) == (book.pack("DEFAULT"),)


def test_names_are_the_same_in_any_case(book: RuleBook) -> None:
    assert book.pack("us-RegF") is book.pack("US-REGF")


def test_a_rule_is_in_force_by_its_dates(book: RuleBook) -> None:
    rule = next(rule for rule in book.pack("US-FL-FCCPA").rules if rule.id == "email-hours")
    assert rule.in_force(date(2025, 5, 15))
    assert not rule.in_force(date(2025, 5, 16))


def test_every_rule_names_its_source_and_says_what_it_asks(book: RuleBook) -> None:
    for pack in book:
        for rule in pack.rules:
            assert rule.says.endswith("."), (pack.name, rule.id)
            assert len(rule.reference.title) > 5, (pack.name, rule.id)


def test_a_rule_quotes_its_text_or_says_why_nobody_has_read_it(book: RuleBook) -> None:
    for pack in book:
        for rule in pack.rules:
            reference, where = rule.reference, (pack.name, rule.id)
            if rule.verified == "own":
                assert rule.status == "policy", where
                assert not reference.quote, where
            elif rule.verified == "unverified":
                assert reference.unread, where
            else:
                assert not reference.unread, where
                assert reference.quote, where
                assert reference.read_on is not None, where
                assert reference.link, where
            assert bool(reference.quote) == (reference.read_on is not None), where


def test_each_pack_says_what_a_regulator_would_quote_against_the_program(book: RuleBook) -> None:
    assert [pack.name for pack in book if len(pack.against_us) < 30] == []


def test_a_rule_of_law_begins_with_its_law_or_says_that_nobody_knows(book: RuleBook) -> None:
    dated = [
        (pack.name, rule.id)
        for pack in book
        for rule in pack.rules
        if rule.status != "policy" and rule.valid_from != date.min and not pack.in_force
    ]
    assert dated == []
    assert [rule.since for rule in book.pack("CA-ON").rules] == ["unknown"] * 7
    assert {rule.since for rule in book.pack("UK-MCOB").rules} == {"2004-10-31", "2021-05-04"}
    assert book.pack("BR-SP").rules[0].since == "2014-05-23"


def test_a_replay_of_an_earlier_year_is_judged_by_the_law_of_that_year(book: RuleBook) -> None:
    in_2012 = [rule.id for rule in book.pack("MX-CONDUSEF").rules if rule.in_force(date(2012, 6, 1))]
    assert in_2012 == []
    assert all(
        rule.in_force(date(2012, 6, 1)) for rule in book.pack("US-WA").rules
    )  # nobody knows since when


@pytest.mark.parametrize(
    ("in_force", "words"),
    [
        ("A law: 2026-01-02", "2026-01-01 is before the law itself, in force from 2026-01-02"),
        ("A law: 2027", "before the law itself, in force from 2027-01-01"),
        ("Another law: 2020", "in_force names no text of 'A law'"),
    ],
)
def test_a_rule_older_than_its_law_is_a_fault(tmp_path: Path, in_force: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"xx-test\.yaml:14: rules\.0\.valid_from") as raised:
        _read(tmp_path, PACK.replace("applies:\n", f"in_force: {{{in_force}}}\napplies:\n"))
    assert words in str(raised.value)
    assert _read(tmp_path, PACK.replace("applies:\n", "in_force: {A law: 2026}\napplies:\n")).in_force


def test_law_is_marked_as_policy_only_where_it_is(book: RuleBook) -> None:
    for name in ("DEFAULT", "ES-POLICY"):
        assert {rule.status for rule in book.pack(name).rules} == {"policy"}


@pytest.mark.parametrize(
    ("name", "country", "said"),
    [
        ("US-CA", 1, ("California", ", CA")),
        ("US-DC", 1, ("Washington D.C.",)),
        ("US-FL-FCCPA", 1, ("Florida", ", FL")),
        ("US-MA", 1, ("Massachusetts", ", MA")),
        ("US-NY-DFS", 1, ("New York", ", NY")),
        ("US-WA", 1, ("Washington State", ", WA")),
        ("CA-AB", 1, ("Alberta", ", AB")),
        ("CA-BC", 1, ("British Columbia", "British Colombia", ", BC")),
        ("CA-ON", 1, ("Ontario", ", ON")),
        ("CA-QC", 1, ("Quebec", ", QC")),
    ],
)
def test_a_pack_lists_every_area_code_of_its_place(
    book: RuleBook, name: str, country: int, said: tuple[str, ...]
) -> None:
    from phonenumbers import PhoneNumber, geocoder, is_valid_number  # a hundred megabytes of place names

    listed = {start for place in book.pack(name).applies for start in place.numbers}
    for area in range(201, 990):
        numbers = [
            PhoneNumber(country, area * 10**7 + office * 10**4 + 1234) for office in range(200, 1000, 37)
        ]
        places = {geocoder.description_for_number(one, "en") for one in numbers if is_valid_number(one)} - {
            ""
        }
        if places:  # the newest codes have no name yet
            here = all(place in said or place.endswith(said) for place in places)
            assert here is (f"+1{area}" in listed), (area, places)


def test_a_calendar_is_known_where_its_package_lists_it() -> None:
    listed = holidays.list_supported_countries(include_aliases=True)
    for country in (*listed, "XX", "us", "UnitedStates", "HolidayBase", ""):
        for subdivision in (None, "XX", *listed.get(country, ())[:3]):
            known = country in listed and (subdivision is None or subdivision in listed[country])
            assert is_known(country, subdivision) is known, (country, subdivision)
