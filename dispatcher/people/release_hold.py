"""Ends what was recorded: a hold, a wish, a consent, an opt-out; the ledger's own columns only the ledger changes."""

from collections.abc import Sequence

from dispatcher.database.engine import Database
from dispatcher.log.domain.events import Event
from dispatcher.people.domain.affordability import AFFORDABILITY
from dispatcher.people.domain.facts import RecordError
from dispatcher.people.domain.hold_facts import HOLDS as KINDS
from dispatcher.people.domain.hold_kinds import BY_IMPORT
from dispatcher.people.domain.person import word_of
from dispatcher.people.hear_words import UNCLEAR
from dispatcher.people.recording import Recorded, Recording, Said, normal_address, recording
from dispatcher.people.storage import people_facts, tasks

OPT_OUT, WISH, CONSENT = "opt_out", "wish_", "consent_"


def release(
    database: Database,
    who: str,
    kind: str,
    said: Said,
    *,
    debts: Sequence[str] = (),
    address: str = "",
    medium: str = "",
) -> Recorded:
    """End all that stands of a kind: a hold's, `opt_out`, `wish_KIND`, `consent_KIND`."""
    with recording(database, who, said, debts=debts) as record:
        normal = normal_address(address, record.debtor.country)[1] if address else ""
        ended = _end(record, kind, normal, medium)
        if not ended:
            raise RecordError(
                f"nothing of the kind {kind!r} stands for {record.debtor.full_reference}{_ledger_hint(kind)}"
            )
        event = (
            Event.OPT_OUT_REVOKED
            if kind == OPT_OUT
            else Event.HOLD_RELEASED
            if kind in KINDS or kind in BY_IMPORT
            else Event.FACT_ENDED
        )
        details = {"hold" if event is Event.HOLD_RELEASED else "kind": word_of(kind), "count": ended}
        record.log(event, details, **({"address": normal} if normal else {}))
        return Recorded(
            fact="release", debtor=record.debtor.full_reference, debts=record.debt_references, details=details
        )


def _end(record: Recording, kind: str, address: str, medium: str) -> int:
    connection, debtor_id, now = record.connection, record.debtor.id, record.said.now
    if kind == OPT_OUT:
        return people_facts.revoke_opt_outs(
            connection, debtor_id, address, medium, at=now, by=record.said.actor
        )
    if kind == AFFORDABILITY.name:
        return people_facts.release_affordability(connection, debtor_id, at=now)
    if kind.startswith(WISH):
        return people_facts.release_wishes(connection, debtor_id, kind.removeprefix(WISH), at=now)
    if kind.startswith(CONSENT):
        return people_facts.withdraw_consents(
            connection, debtor_id, kind.removeprefix(CONSENT), address, at=now
        )
    if kind not in KINDS and kind not in BY_IMPORT:
        known = ", ".join([*KINDS, *BY_IMPORT, OPT_OUT, "wish_KIND", "consent_KIND", AFFORDABILITY.name])
        raise RecordError(f"{kind!r} cannot be released; there are: {known}")
    ids = [debt.id for debt in record.debts]
    why = record.said.note or record.said.source
    if kind == UNCLEAR:  # whoever ends the quiet says that it was read
        tasks.finish_for_debtor(connection, debtor_id, kind=kind, by=record.said.actor, at=now, outcome=why)
    return len(people_facts.release_holds(connection, debtor_id, kind, ids, at=now, why=why))


def _ledger_hint(kind: str) -> str:
    if kind not in KINDS:
        return ""
    return "; what the ledger says can be released once its cell is empty, or ends by `empty_ends` in its mapping"
