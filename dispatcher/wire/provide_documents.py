"""Takes links to a creditor's papers about a debt, for whoever answers somebody that asks for proof."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from dispatcher.database.engine import Connection, Database
from dispatcher.log.domain.events import Event
from dispatcher.log.domain.log_entry import LogEntry
from dispatcher.log.storage import delivery_log
from dispatcher.wire.storage import documents, wire_lists
from dispatcher.wire.storage.documents import DebtDocument

KINDS = ("contract", "invoice", "statement", "assignment", "judgment", "delivery", "notice", "other")
_LONGEST_TITLE, _LONGEST_URL, _LONGEST_ID = 200, 2_000, 200
_DIGEST = re.compile(r"[0-9a-f]{64}")


class DocumentError(ValueError):
    """It cannot be taken; the text says what to mend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provided:
    """A paper as its creditor names it; `sha256` of its bytes, empty where nobody said it."""

    kind: str
    title: str
    url: str
    sha256: str = ""
    external_id: str = ""


def provide_document(
    database: Database, creditor: str, reference: str, provided: Provided, *, by: str, at: datetime
) -> DebtDocument:
    """Attach it to a debt; the same one again under its `external_id` is the first. Raises DocumentError."""
    _refuse(provided)
    with database.writing() as connection:
        debt = wire_lists.find_debt(connection, creditor, reference)
        if debt is None:
            raise DocumentError(f"debt: {creditor} has no {reference!r}")
        known = documents.named(connection, debt.id, provided.external_id) if provided.external_id else None
        if known is not None:
            return _same(known, provided)
        row = {
            "debt_id": debt.id, "kind": provided.kind, "title": provided.title, "url": provided.url,
            "sha256": provided.sha256 or None, "external_id": provided.external_id or None, "added_at": at,
            "added_by": by,
        }  # fmt: skip
        document = _read(connection, documents.add(connection, row))
        _log(connection, Event.DOCUMENT_ADDED, document, by, at)
        return document


def withdraw_document(
    database: Database, document_id: int, *, why: str, by: str, at: datetime
) -> DebtDocument:
    """Show it to nobody any more. Raises DocumentError."""
    with database.writing() as connection:
        if not documents.withdraw(connection, document_id, at=at, why=why):
            raise DocumentError(f"document {document_id} was withdrawn before")
        document = _read(connection, document_id)
        _log(connection, Event.DOCUMENT_WITHDRAWN, document, by, at, why=why)
        return document


def _same(known: DebtDocument, provided: Provided) -> DebtDocument:
    was = (known.kind, known.title, known.url, known.sha256)
    if was != (provided.kind, provided.title, provided.url, provided.sha256):
        raise DocumentError(
            f"external_id: {provided.external_id!r} is already that of document {known.id}; withdraw that one and "
            "send this under another id"
        )
    return known


def _read(connection: Connection, document_id: int) -> DebtDocument:
    document = documents.get(connection, document_id)
    if document is None:
        raise DocumentError(f"there is no document {document_id}")
    return document


def _refuse(provided: Provided) -> None:
    if provided.kind not in KINDS:
        raise DocumentError(f"kind: there is no {provided.kind!r}; there are {', '.join(KINDS)}")
    if not provided.title or len(provided.title) > _LONGEST_TITLE or not provided.title.isprintable():
        raise DocumentError(f"title: 1 to {_LONGEST_TITLE} printable characters")
    if provided.sha256 and not _DIGEST.fullmatch(provided.sha256):
        raise DocumentError("sha256: 64 hexadecimal digits in lower case, or nothing")
    if len(provided.external_id) > _LONGEST_ID:
        raise DocumentError(f"external_id: {_LONGEST_ID} characters at most")
    if not _is_link(provided.url):
        raise DocumentError("url: an https address without user and password, which people here may open")


def _is_link(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    is_plain = url.isprintable() and " " not in url and len(url) <= _LONGEST_URL
    return is_plain and parts.scheme == "https" and bool(host) and not (parts.username or parts.password)


def _log(
    connection: Connection, event: Event, document: DebtDocument, by: str, at: datetime, **words: str
) -> None:
    """What it is called, and why it went, may name a person: such words stand aside, where they can be erased."""
    values = {"debtor": document.debtor, "debts": [document.debt], "title": document.title, **words}
    [(personal_id, commitment)] = delivery_log.keep_personal(connection, [(document.person, values)])
    entry = LogEntry(
        event=event,
        at=at,
        actor=by,
        person=document.person,
        creditor=document.debt.partition("/")[0],
        personal_id=personal_id,
        commitment=commitment,
        details={"document": document.id, "kind": document.kind},
    )
    delivery_log.append(connection, [entry])
