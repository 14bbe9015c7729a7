"""Records an opt-out, keyed by person, address and medium; one at an address binds everyone who is reached there."""

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.permission_facts import OPT_OUT
from dispatcher.people.recording import Recorded, Recording, Said, normal_address, recording
from dispatcher.people.storage import addresses
from dispatcher.people.storage.find_debtor import find_debtor


def record_opt_out(
    database: Database, who: str, said: Said, *, medium: str = "", address: str = "", raw: str = ""
) -> Recorded:
    """Stop an address, a medium, or (neither named) all contact with the person."""
    if medium:
        OPT_OUT.field("medium").read([medium])
    with database.reading() as connection:
        country = find_debtor(connection, who).country
    normal = _address(address, country, medium)
    scope = "address" if normal else "medium" if medium else "all"
    with recording(database, who, said, address=normal) as record:
        others = addresses.sharing(record.connection, normal, record.debtor.id) if normal else 0
        fresh = addresses.opt_out(
            record.connection,
            debtor_id=record.debtor.id,
            address=normal,
            medium=medium,
            at=said.now,
            raw=raw,
            source=said.source or "record",
            scope=scope,
        )
        details = {"scope": scope, "medium": medium or "any", "also_binds": others}
        private = {key: value for key, value in {"address": normal, "words": raw}.items() if value}
        added = {"words": raw} if raw and not fresh and _add_words(record, normal, medium, raw) else {}
        if fresh:
            record.log(Event.OPTED_OUT, details, **private)
        if added:
            record.log(Event.FACT_AMENDED, {"opt_out": scope, "medium": medium or "any"}, **private)
        report = {**details, "address": normal} if normal else details
        return Recorded(
            fact="opt_out",
            debtor=record.debtor.full_reference,
            details=report,
            already=not fresh,
            added=added,
        )


def _add_words(record: Recording, address: str, medium: str, raw: str) -> bool:
    return addresses.add_words(
        record.connection, debtor_id=record.debtor.id, address=address, medium=medium, raw=raw
    )


def _address(text: str, country: str, medium: str) -> str:
    if not text:
        return ""
    kind, address = normal_address(text, country)
    if (kind == "email") != (medium == "email") and medium:
        raise RecordError(f"{text!r} is no address of the medium {medium}")
    return address
