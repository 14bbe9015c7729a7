"""Records a consent, or a check or notice that stands in for one."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from dispatcher.database.engine import Database
from dispatcher.people.recording import Recorded, RecordError, Said, find_debtor, normal_address, recording
from dispatcher.people.storage import people_facts

# kind -> what it says; docs/recorded_facts.md says which fact each becomes.
KINDS = {
    "contact": "the debtor agrees to be contacted by a medium",
    "email": "the debtor agrees to e-mail, at one address or at all",
    "sms": "the debtor agrees to texts, at one number or at all",
    "call": "the debtor agrees to be called",
    "esign": "the debtor agrees to notices in electronic form (E-SIGN)",
    "number_check": "a number was looked up in the reassigned numbers database",
    "address_notice": "an e-mail address was announced to the debtor, who could object",
}
ADDRESS_BASES = ("creditor_notice", "prior_collector", "direct_consent", "consumer_used_with_collector")
RESULTS = ("not_reassigned", "reassigned")


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
) -> Recorded:
    """A consent given on a day, for a medium or an address or (neither) in general."""
    if kind not in KINDS:
        raise RecordError(f"{kind!r} is no kind of consent; there are: {', '.join(KINDS)}")
    day = given_on or said.now.date()
    if day > said.now.date():
        raise RecordError(f"{day} is in the future: a consent is recorded when it was given")
    with database.reading() as connection:
        country = find_debtor(connection, who).country
    normal = normal_address(address, country)[1] if address else ""
    noted = {key: value for key, value in (details or {}).items() if value is not None}
    _check(kind, normal, noted)
    with recording(database, who, said, address=normal) as record:
        people_facts.add_consent(
            record.connection,
            {
                "debtor_id": record.debtor.id,
                "kind": kind,
                "medium": medium,
                "address": normal,
                "given_on": day,
                "details": noted,
                **said.columns,
            },
        )
        report = {"consent": kind, "given_on": day.isoformat(), "medium": medium or None, **noted}
        public = {key: value for key, value in report.items() if value is not None}
        record.log("consent_recorded", public, **({"address": normal} if normal else {}))
        return Recorded(
            fact="consent", debtor=record.debtor.full_reference, details={**public, "address": normal or None}
        )


def _check(kind: str, address: str, details: Mapping[str, Any]) -> None:
    if kind in {"number_check", "address_notice"} and not address:
        raise RecordError(f"{kind.replace('_', ' ')}: say with --address which one")
    if details.get("result") not in (None, *RESULTS):
        raise RecordError(
            f"{details['result']!r} is no result of a number check; there are: {', '.join(RESULTS)}"
        )
    if details.get("type") not in (None, *ADDRESS_BASES):
        raise RecordError(
            f"{details['type']!r} is no ground to use an address; there are: {', '.join(ADDRESS_BASES)}"
        )
