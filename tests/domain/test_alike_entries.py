"""Entries that are alike are written once, and each stands in the log as if it had been written alone."""

from datetime import UTC, date

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.log.domain.alike_entries import AlikeEntries
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.values.money import Money

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
maybe = st.none() | texts
entries = st.builds(
    LogEntry,
    event=st.sampled_from(list(Event)),
    at=st.datetimes(timezones=st.just(UTC)),
    actor=texts,
    run_id=st.none() | st.integers(0, 10**12),
    as_of=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    message_id=maybe,
    creditor=maybe,
    kind=maybe,
    provider=maybe,
    reasons=st.just(()) | st.just(({"rule": "quiet_hours", "pack": "us"},)),
    balance=st.none() | st.just(Money(12_345, "USD")),
    zones=st.just(()) | st.just(("America/Bogota",)),
    simulated=st.booleans(),
    details=st.dictionaries(texts, texts | st.integers(-5, 5), max_size=4),
)


@given(
    entry=entries,
    person=texts,
    personal_id=st.integers(1, 10**12),
    commitment=st.binary(min_size=32, max_size=32),
)
def test_an_entry_written_from_what_it_shares_is_the_entry_byte_for_byte(
    entry: LogEntry, person: str, personal_id: int, commitment: bytes
) -> None:
    alone = entry._replace(person=person, personal_id=personal_id, commitment=commitment.hex())

    alike = AlikeEntries(entry)

    assert alike.canonical(person, personal_id, commitment.hex()) == alone.canonical()
    assert alike.facet == alone.facet()
