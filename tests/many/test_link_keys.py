"""One key of debtors' links for all machines: never empty, never short, never made anew once it was used."""

import pytest

from tests.many.conftest import MakeHome
from tests.many.homes import NOW, Home


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    """A home that has sent a message with a link."""
    home = make_home()
    home.take_in(1)
    assert home.run().code == 0
    return home


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "is missing"),
        (b"", "holds 0 bytes"),
        (b"k" * 31, "holds 31 bytes"),
        (b"n" * 32, "is not the key"),
    ],
)
def test_a_home_without_the_right_key_sends_nothing_and_check_says_so(
    home: Home, key: bytes | None, words: str
) -> None:
    path = home.folder / "keys" / "optout.key"
    path.unlink()
    if key is not None:
        path.write_bytes(key)
    for command in (
        ("dispatch", "--now", NOW),
        ("run", "--as-of", "2026-11-16", "--now", NOW),
        ("serve", "--port", "1"),
    ):
        done = home(*command)
        assert (done.code, words in done.err) == (2, True), done
    check = home("check", "--json")
    assert check.code == 1
    assert [words in f["detail"] for f in check.json if f["subject"] == "link key"] == [True]


def test_a_short_key_is_refused_before_its_first_use_too(make_home: MakeHome) -> None:
    home = make_home()
    home.take_in(1)
    (home.folder / "keys").mkdir(exist_ok=True)
    (home.folder / "keys" / "optout.key").write_bytes(b"")
    assert home.run().code == 2
    assert home.sent_files() == 0


def test_a_key_that_is_lost_for_good_is_replaced_by_a_person_alone(home: Home) -> None:
    (home.folder / "keys" / "optout.key").unlink()
    assert home("adopt", "--new-link-key", "--why", "the disk is gone").code == 0
    assert home("dispatch", "--now", NOW).code == 0
