"""docs/compliance.md says what the packs say, and where every fact comes from."""

from fnmatch import fnmatch

from dispatcher.rulebook.cases import read_cases
from dispatcher.rulebook.compliance import compliance_page
from dispatcher.rulebook.fact_keys import known_keys
from dispatcher.rulebook.fact_sources import SOURCES
from dispatcher.rulebook.packs import load_rule_packs
from tests.shared import ROOT


def test_the_page_is_fresh() -> None:
    cases = [row for path in sorted((ROOT / "tests" / "cases").glob("*.yaml")) for row in read_cases(path)]
    page = compliance_page(load_rule_packs(ROOT / "config" / "rules"), cases)
    written = (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
    assert written == page, "run: dispatcher rules document --out docs/compliance.md"


def test_every_fact_that_is_read_has_a_source() -> None:
    patterns = [source.path.replace("[]", "[[]]") for source in SOURCES]
    assert [key for key in known_keys() if not any(fnmatch(key, pattern) for pattern in patterns)] == []


def test_every_source_names_a_fact_that_is_read() -> None:
    keys = known_keys()
    unread = [s.path for s in SOURCES if not any(fnmatch(key, s.path.replace("[]", "[[]]")) for key in keys)]
    assert unread == []
