"""Records an opt-out, keyed by person, address and medium; one at an address binds everyone who is reached there."""

from dispatcher.database.engine import Database
from dispatcher.people.recording import Recorded, RecordError, Said, find_debtor, normal_address, recording
from dispatcher.people.storage import addresses

MEDIA = ("email", "sms", "letter", "call")


def record_opt_out(
    database: Database, who: str, said: Said, *, medium: str = "", address: str = "", raw: str = ""
) -> Recorded:
    """Stop an address, a medium, or (neither named) all contact with the person."""
    if medium and medium not in MEDIA:
        raise RecordError(f"{medium!r} is no medium; there are: {', '.join(MEDIA)}")
    with database.reading() as connection:
        country = find_debtor(connection, who).country
    normal = _address(address, country, medium)
    scope = "address" if normal else "medium" if medium else "all"
    with recording(database, who, said, address=normal) as record:
        others = (
            [one for one in addresses.people_at(record.connection, normal) if one != record.debtor.id]
            if normal
            else []
        )
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
        details = {"scope": scope, "medium": medium or "any", "also_binds": len(others)}
        if fresh:
            private = {"address": normal, "words": raw}
            record.log("opted_out", details, **{key: value for key, value in private.items() if value})
        report = {**details, "address": normal} if normal else details
        return Recorded(
            fact="opt_out", debtor=record.debtor.full_reference, details=report, already=not fresh
        )


def _address(text: str, country: str, medium: str) -> str:
    if not text:
        return ""
    kind, address = normal_address(text, country)
    if (kind == "email") != (medium == "email") and medium:
        raise RecordError(f"{text!r} is no address of the medium {medium}")
    return address
