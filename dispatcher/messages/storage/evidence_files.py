"""Keeps files that were handed in as evidence among the bodies, and reads those that an entry names."""

from datetime import datetime

from sqlalchemy import Connection, select

from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import contents
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.reading_text import reading_text
from dispatcher.messages.domain.evidence_file import EvidenceFile
from dispatcher.messages.storage.contents import Content, bodies, keep

_NAMED_BY = (Event.DUTY_DONE, Event.NOTICE_RECORDED, Event.FACT_AMENDED)
_SUFFIX = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


def keep_evidence(connection: Connection, file: EvidenceFile, *, now: datetime) -> None:
    """Store it under its digest, once; the entry that names it is the caller's."""
    text = reading_text(file.media_type, file.body) or ""
    keep(connection, [Content.of(file.body, file.media_type, text)], now=now)


def stored_evidence(connection: Connection, sha256: str) -> tuple[str, str, bytes] | None:
    """(media type, a file name, bytes) of one; None for what is none, or was erased."""
    named = select(log_entries.c.id).where(
        log_entries.c.body_sha256 == sha256, log_entries.c.event.in_(_NAMED_BY)
    )
    kind = connection.scalar(select(contents.c.media_type).where(contents.c.sha256 == sha256, named.exists()))
    body = bodies(connection, [sha256]).get(sha256) if kind else None
    if not kind or body is None:
        return None
    return kind, f"{sha256[:16]}.{_SUFFIX.get(kind, 'txt')}", body
