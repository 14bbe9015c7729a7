"""The envelope is one value: what preparing writes into the row is what an adapter gets."""

import json

from hypothesis import given
from hypothesis import strategies as st

from channels.message import PostalAddress
from dispatcher.messages.domain.envelope import Envelope

texts = st.text(max_size=5)
addresses = st.builds(
    PostalAddress, name=texts, lines=st.lists(texts, max_size=3).map(tuple), city=texts, postal_code=texts
)
envelopes = st.builds(
    Envelope,
    to=texts,
    to_name=texts,
    sender=texts,
    sender_name=texts,
    reply_to=texts,
    subject=texts,
    unsubscribe_url=texts,
    postal_address=st.none() | addresses,
    return_address=st.none() | addresses,
    pages=st.integers(0, 9),
)


@given(envelopes)
def test_an_envelope_comes_back_from_its_row_as_it_was(envelope: Envelope) -> None:
    assert Envelope.read(json.loads(json.dumps(envelope.as_json()))) == envelope


def test_an_erased_envelope_is_empty() -> None:
    assert Envelope.read(None) == Envelope.read({}) == Envelope()
    assert Envelope().printed_address == ""
