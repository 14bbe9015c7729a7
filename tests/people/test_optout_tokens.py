"""The links in people's hands: what a token is must never change, whatever computes it."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.people.domain.optout_token import OptOutLink, make_token, read_token

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="."), min_size=1, max_size=20)
LINKS = st.builds(OptOutLink, person=WORDS, medium=WORDS, contact_point_id=st.integers(0, 10**9))


@given(secret=st.binary(min_size=1, max_size=100), link=LINKS)
def test_a_token_ends_in_half_of_the_hmac_of_what_it_says(secret: bytes, link: OptOutLink) -> None:
    text = f"{link.person}.{link.medium}.{link.contact_point_id}"
    assert (
        make_token(secret, link)
        == f"{text}.{hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:32]}"
    )


@given(secrets=st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=8, unique=True), link=LINKS)
def test_a_token_is_read_with_the_secret_that_made_it_alone(secrets: list[bytes], link: OptOutLink) -> None:
    tokens = [make_token(secret, link) for secret in secrets]
    for i, token in enumerate(tokens):
        found = [read_token(secret, token) for secret in secrets]
        assert found == [link if i == j else None for j in range(len(secrets))]
