"""Opens the time-stamping authority that the settings name."""

from urllib.parse import urlsplit

from dispatcher.record.domain.time_stamp import Roots, StampError, read_roots
from dispatcher.record.stamp_seals import Authority
from dispatcher.settings.desk import SealSettings

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


def stamp_authority(settings: SealSettings) -> Authority | None:
    """The authority, asked once a call over HTTP (RFC 3161 section 3.4); None where no address is set."""
    if not settings.stamp_url:
        return None
    # Loads urllib3: only where an authority is asked.
    from channels.http import NoAnswerError, NotWrittenError, Transport

    url, seconds = settings.stamp_url, settings.stamp_seconds

    def ask(request: bytes) -> bytes:
        transport = Transport(url, connect_timeout=min(5.0, seconds), timeout=seconds, concurrency=1)
        try:
            answer = transport.request("POST", "", {"Content-Type": QUERY, "Accept": REPLY}, request)
        except (NotWrittenError, NoAnswerError) as error:
            raise StampError(str(error)) from None
        finally:
            transport.close()
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if answer.status != 200 or kind != REPLY:
            raise StampError(
                f"HTTP {answer.status} ({kind or 'no type'}) is no answer of a time-stamping authority"
            )
        return answer.body

    return Authority(name=urlsplit(url).hostname or url, ask=ask, roots=stamp_roots(settings) or ())


def stamp_roots(settings: SealSettings) -> Roots | None:
    """The certificates that stamps are checked by; None where none are set. Raises StampError for no such file."""
    if settings.stamp_roots is None:
        return None
    try:
        return read_roots(settings.stamp_roots.read_bytes())
    except OSError as error:
        raise StampError(f"{settings.stamp_roots} cannot be read: {error.strerror}") from None
