"""Records a consent, or a check or notice that stands in for one."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.permission_facts import CONSENT
from dispatcher.people.recording import Recorded, Said, normal_address, recording
from dispatcher.people.storage.find_debtor import find_debtor


def record_consent(
    database: Database,
    who: str,
    kind: str,
    said: Said,
    *,
    given_on: date | None = None,
    medium: str = "",
    address: str = "",
    details: Mapping[str, Any] | None = None,
    unsaid: Mapping[str, Any] | None = None,
) -> Recorded:
    """A consent given on a day, for a medium or an address or (neither) in general.

    `unsaid` are the details that a new one gets because nobody said anything else.
    """
    CONSENT.field("kind").read([kind])
    day = given_on or said.now.date()
    if day > said.now.date():
        raise RecordError(f"{day} is in the future: a consent is recorded when it was given")
    with database.reading() as connection:
        country = find_debtor(connection, who).country
    normal = normal_address(address, country)[1] if address else ""
    noted = {key: value for key, value in (details or {}).items() if value is not None}
    _check(kind, normal, noted)
    with recording(database, who, said, address=normal) as record:
        row = {"kind": kind, "medium": medium, "address": normal, "given_on": day}
        kept = record.keep(CONSENT, row, noted, unsaid=unsaid)
        report = {"consent": kind, "given_on": day.isoformat(), "medium": medium or None}
        public = {
            key: value for key, value in (report | {**(unsaid or {}), **noted}).items() if value is not None
        }
        if kept.fresh:
            record.log(Event.CONSENT_RECORDED, public, **({"address": normal} if normal else {}))
        elif kept.added:
            record.log_added({"consent": kind}, kept.added)
        return Recorded(
            fact="consent",
            debtor=record.debtor.full_reference,
            details={**public, "address": normal or None},
            already=not kept.fresh,
            added=kept.added,
        )


def _check(kind: str, address: str, details: Mapping[str, Any]) -> None:
    if kind in {"number_check", "address_notice"} and not address:
        raise RecordError(f"{kind.replace('_', ' ')}: say with --address which one")
    for field in CONSENT.for_kind(kind):
        if field.choices and field.detail in details:
            field.read([str(details[field.detail])])
