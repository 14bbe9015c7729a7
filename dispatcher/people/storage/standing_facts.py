"""Who and what binds people at this moment, and how often it changed: what was decided by it stands while it stands.

Of what is read here as it is, nothing needs a version: who owes with whom, who is one human, what was sent, which stops
stand at an address. Relations are read first: a change of them that comes between raises a version that is read later.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Text, select, type_coerce

from dispatcher.database.facts_versions import EVERYBODY
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.messages import message_debts, messages
from dispatcher.database.tables.people import facts_versions, opt_outs
from dispatcher.database.tables.portfolio import contact_points, debts
from dispatcher.people.storage.co_debtors import owing
from dispatcher.people.storage.humans import other_records
from dispatcher.values.written_address import address_key

_DEBTS = (
    select(message_debts.c.message_id, debts.c.id, debts.c.debtor_id)
    .join(debts, debts.c.id == message_debts.c.debt_id)
    .where(one_of(message_debts.c.message_id, "ids"))
)
_VERSIONS = (
    select(facts_versions)
    .where(one_of(facts_versions.c.subject, "ids"))
    .order_by(facts_versions.c.subject, facts_versions.c.part)
)
_SENT = (
    select(
        messages.c.recipient_id,
        messages.c.id,
        messages.c.state,
        type_coerce(messages.c.sent_at, Text).label("sent_at"),
    )
    .where(one_of(messages.c.recipient_id, "ids"), messages.c.sent_at.is_not(None))
    .order_by(messages.c.id)
)
_ADDRESSES = select(contact_points.c.debtor_id, contact_points.c.address).where(
    one_of(contact_points.c.debtor_id, "ids")
)
_STOPS = (
    select(
        opt_outs.c.address,
        opt_outs.c.id,
        opt_outs.c.medium,
        opt_outs.c.scope,
        opt_outs.c.revoked_at.is_(None).label("stands"),
    )
    .where(one_of(opt_outs.c.address, "addresses"), opt_outs.c.address != "")
    .order_by(opt_outs.c.id)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class StandingFacts:
    """What a message to somebody rests on: equal where nothing that binds it has changed.

    `records`: the recipient's own and the same human's others; what goes to one counts for all.
    """

    records: frozenset[int]
    binding: tuple[int, ...]  # all whose facts bind it
    debts: tuple[int, ...]  # that it is about
    versions: tuple[
        tuple[int, str, int], ...
    ]  # (subject, table, version) of all whose facts bind it, in order
    sent: tuple[
        tuple[str, str, str], ...
    ]  # (id, state, when) of what went to those records and to the debts' owners
    stops: tuple[tuple[Any, ...], ...]  # opt-outs at an address of the recipient's

    def as_json(self) -> list[Any]:
        """For a digest."""
        return [sorted(self.records), self.binding, self.debts, self.versions, self.sent, self.stops]


def read_standing_facts(
    connection: Connection, messages: Mapping[str, tuple[int, int]]
) -> dict[str, StandingFacts]:
    """By message; `messages` are recipient and creditor by id. A fixed number of statements."""
    if not messages:
        return {}
    recipients = {recipient for recipient, _ in messages.values()}
    owed: dict[str, dict[int, int]] = defaultdict(dict)
    for message_id, debt, owner in connection.execute(_DEBTS, {"ids": list(messages)}):
        owed[message_id][debt] = owner
    owners = {key: set(owed[key].values()) for key in messages}
    owed_with: dict[int, set[int]] = defaultdict(set)
    for people in owing(connection, recipients).values():
        for recipient in people & recipients:
            owed_with[recipient] |= people
    near = recipients.union(*owed_with.values())
    others = other_records(connection, near)
    everyone = near.union(*owners.values(), *others.values())
    creditors = {-creditor for _, creditor in messages.values()}
    subjects = [*sorted(everyone), *sorted(creditors), EVERYBODY]
    versions: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    for row in connection.execute(_VERSIONS, {"ids": subjects}):
        versions[row.subject].append((row.subject, row.part, row.version))
    readers = recipients.union(*owners.values(), *(others.get(key, ()) for key in recipients))
    sent = _grouped(connection.execute(_SENT, {"ids": sorted(readers)}))
    stops = _stops(connection, recipients)
    found = {}
    for key, (recipient, creditor) in messages.items():
        records = frozenset((recipient, *others.get(recipient, ())))
        binding = {*records, *owners[key], *owed_with[recipient], -creditor, EVERYBODY}
        binding.update(*(others.get(person, ()) for person in owed_with[recipient]))
        found[key] = StandingFacts(
            records=records,
            binding=tuple(sorted(binding)),
            debts=tuple(sorted(owed[key])),
            versions=tuple(row for subject in sorted(binding) for row in versions.get(subject, ())),
            sent=tuple(row for who in sorted(records | owners[key]) for row in sent.get(who, ())),
            stops=tuple(sorted(set(stops.get(recipient, ())))),
        )
    return found


def _grouped(rows: Iterable[Any]) -> Mapping[int, list[tuple[str, str, str]]]:
    groups: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for who, key, state, sent_at in rows:
        groups[who].append((key, state, str(sent_at)))
    return groups


def _stops(connection: Connection, recipients: Collection[int]) -> Mapping[int, list[tuple[Any, ...]]]:
    owners: dict[str, set[int]] = defaultdict(set)
    for debtor_id, address in connection.execute(_ADDRESSES, {"ids": sorted(recipients)}):
        owners[address_key(address)].add(debtor_id)
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for address, key, medium, scope, stands in connection.execute(_STOPS, {"addresses": sorted(owners)}):
        for owner in owners.get(address, ()):
            found[owner].append((key, medium, scope, bool(stands)))
    return found
