"""Checks an RFC 3161 time-stamp: of these bytes, by an authority that leads to a known root and was valid then."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    PKIStatus,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

Roots = Sequence[Certificate]


class StampError(ValueError):
    """There is no time-stamp that holds; the message says why."""


def read_roots(pem: bytes) -> Roots:
    """The certificates of a PEM file; raises StampError where it holds none."""
    try:
        found = load_pem_x509_certificates(pem)
    except ValueError as error:
        raise StampError(f"the authority's root certificates cannot be read: {error}") from None
    return tuple(dict.fromkeys(found))


def stamped_at(answer: bytes, text: str, roots: Roots, *, nonce: int | None = None) -> datetime:
    """When the authority says that it saw this text, in UTC; raises StampError where its word does not hold.

    Its certificates must have been valid then, not now: a stamp outlives the certificate that signed it.
    """
    try:
        response = decode_timestamp_response(answer)
    except ValueError as error:
        raise StampError(f"its answer is no time-stamp ({error})") from None
    _refuse_no(response)
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    if nonce is not None:
        builder = builder.nonce(nonce)
    try:
        builder.build().verify(response, hashlib.sha256(text.encode()).digest())
    except (VerificationError, ValueError) as error:
        raise StampError(f"its time-stamp does not hold: {error}") from None
    return response.tst_info.gen_time.astimezone(UTC)


def _refuse_no(response: TimeStampResponse) -> None:
    if PKIStatus(response.status) is not PKIStatus.GRANTED:
        raise StampError(f"it granted none (status {response.status}): {'; '.join(response.status_string)}")
