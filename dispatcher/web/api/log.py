"""What the API says of the log: entries with their proofs, and the seals."""

import json
from typing import Any

from dispatcher.people.storage.find_debtor import UnknownDebtorError
from dispatcher.record.prove_entry import prove_entry
from dispatcher.record.search_log import AT_ONCE, search_log
from dispatcher.record.storage import seals
from dispatcher.record.storage.log_search import load
from dispatcher.record.storage.sealing_keys import SealingKeys
from dispatcher.web.api.operation import limit_of, listed
from dispatcher.web.auditors.log import entry_json, log_query
from dispatcher.web.site.filters import a_number, a_path_number
from dispatcher.web.site.page import sentence_of
from dispatcher.web.site.visit import RefusedError, Visit, not_found


def list_entries(visit: Visit) -> Any:
    """Log entries that all parameters let through, newest first; a page may be short, or empty, and go on."""
    try:
        found = search_log(
            visit.program.database,
            log_query(visit),
            debtor=visit.query("debtor") or None,
            limit=limit_of(visit),
            cursor=visit.query("cursor"),
            at_most=AT_ONCE,
        )
    except (UnknownDebtorError, ValueError) as error:
        raise RefusedError(400, sentence_of(error)) from None
    return listed([entry_json(entry) for entry in found.entries], found.next or None)


def get_entry(visit: Visit) -> Any:
    """One entry with its inclusion proof, verified on the spot."""
    number = a_path_number(visit, "id", "such entry")
    proof = prove_entry(visit.program.database, SealingKeys(visit.program.keys), number)
    if proof is None:
        raise not_found("such entry")
    found = _entry(visit, proof.entry_id)
    return found | {"proof": proof}


def _entry(visit: Visit, entry_id: int) -> dict[str, Any]:
    with visit.program.database.reading() as connection:
        [entry] = load(connection, [entry_id])
    return entry_json(entry)


def list_seals(visit: Visit) -> Any:
    """Seals in order."""
    limit, after = limit_of(visit), a_number(visit, "cursor") or 0
    with visit.program.database.reading() as connection:
        found = seals.seals_after(connection, after, limit=limit + 1)
    items = [
        {"body": json.loads(seal.text), "hash": seal.hash, "signature": seal.signature}
        for seal in found[:limit]
    ]
    return listed(items, found[limit - 1].body.number if len(found) > limit else None)
