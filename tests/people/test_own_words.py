import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.people.domain.own_words import bare, own_words

FOOT = "Reply STOP to stop texts to this number."
OURS = frozenset({bare(FOOT), bare("Stop e-mails to this address")})


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("ok thanks\n> Reply STOP to stop texts", "ok thanks"),
        (
            "STOP\n\nOn Mon, 3 Nov 2026 at 10:00, Acme <hello@acme.example>\nwrote:\n> Dear Ana\n> unsubscribe",
            "STOP",
        ),
        (
            "I will pay on Friday\n\nEl lun, 3 nov 2026, Acme escribió:\n\nUsted debe 100. Baja",
            "I will pay on Friday",
        ),
        ("Hi\n\nFrom: Acme\nSent: Monday\nTo: Ana\nSubject: Your account\n\nstop", "Hi"),
        ("Hola\n-----Mensaje original-----\nDe: Acme\nstop", "Hola"),
        (f"Who is this? {FOOT}", "Who is this?"),
        ("> Dear Ana\nI dispute this\n> you owe 100", "I dispute this"),
        ("On Friday I will pay.", "On Friday I will pay."),
        ("From: me\nwith love", "From: me\nwith love"),
        ("reply stop, to stop texts to this number", ""),
        (f"> {FOOT}", ""),
    ],
)
def test_neither_a_quotation_nor_our_own_foot_is_the_persons_word(text, own):
    assert own_words(text, OURS) == own


@given(st.text(alphabet="abc STOP\n:.?", max_size=80), st.text(alphabet="abc STOP.\n", max_size=40))
def test_what_is_quoted_below_changes_nothing(reply, quoted):
    marked = "\n".join(f"> {line}" for line in quoted.split("\n"))
    assert own_words(f"{reply}\n{marked}", OURS) == own_words(reply, OURS)


@given(st.text(max_size=120))
def test_nothing_is_added(text):
    assert set(own_words(text, OURS)) <= set(text) | {"\n"}
