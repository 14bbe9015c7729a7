"""Has the newest seal time-stamped (RFC 3161) by an authority of the desk's choice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from dispatcher.database.engine import Database
from dispatcher.record.domain.time_stamp import Roots, StampError, stamped_at
from dispatcher.record.storage import seals, stamps

Ask = Callable[[bytes], bytes]
"""A request (DER) -> the authority's answer (DER); raises StampError where there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Authority:
    """Who stamps: its name in the record, how it is asked, and the certificates that its own must lead to."""

    name: str
    ask: Ask
    roots: Roots


def stamp_newest_seal(database: Database, authority: Authority, *, now: datetime) -> str:
    """Fetch, check and store a time-stamp of the newest seal, which binds all before it; says what was done.

    Safe to repeat; no transaction is open while the authority is asked. Raises StampError, after writing it down, where
    the authority is down or its answer does not hold: the next time asks again.
    """
    with database.reading() as connection:
        newest = seals.last_seal(connection)
        if newest is None:
            return "nothing is sealed yet"
        if stamps.is_stamped(connection, newest.body.number):
            return f"seal {newest.body.number} is stamped"
    asked = TimestampRequestBuilder().data(newest.text.encode()).hash_algorithm(HashAlgorithm.SHA256)
    request, number = (
        asked.build(),
        newest.body.number,
    )  # with a number of its own, so that no old answer serves
    try:
        answer = authority.ask(request.as_bytes())
        when = stamped_at(answer, newest.text, authority.roots, nonce=request.nonce)
    except StampError as problem:
        with database.writing() as connection:
            stamps.keep_failure(connection, number, authority.name, str(problem), now)
        raise StampError(f"seal {number} has no time-stamp yet: {authority.name}: {problem}") from None
    with database.writing() as connection:
        stamps.keep_stamp(connection, number, authority.name, answer, when, now)
    return f"seal {number} was stamped by {authority.name} at {when:%Y-%m-%d %H:%M:%S} UTC"
