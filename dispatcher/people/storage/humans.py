"""Which records are one human: read for whoever is judged or locked, folded anew when the links change."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, select

from dispatcher.database.bulk import insert_rows
from dispatcher.database.one_of import one_of
from dispatcher.database.tables.people import humans
from dispatcher.people.domain.same_human import together

_theirs = humans.alias("theirs")
_OTHERS = (
    select(humans.c.debtor_id, _theirs.c.debtor_id.label("other_id"))
    .join(_theirs, _theirs.c.human == humans.c.human)
    .where(one_of(humans.c.debtor_id, "ids"), _theirs.c.debtor_id != humans.c.debtor_id)
)
_HUMANS = select(humans.c.debtor_id, humans.c.human).where(one_of(humans.c.debtor_id, "ids"))


def other_records(connection: Connection, ids: Collection[int]) -> dict[int, list[int]]:
    """By record, the same human's other records, oldest first; who has none is left out."""
    found: dict[int, list[int]] = defaultdict(list)
    for debtor_id, other_id in connection.execute(_OTHERS, {"ids": sorted(ids)}):
        found[debtor_id].append(other_id)
    return {key: sorted(others) for key, others in found.items()}


def with_other_records(connection: Connection, ids: Collection[int]) -> set[int]:
    """These records and the same humans' others."""
    others = other_records(connection, ids)
    return set(ids).union(*others.values())


def humans_of(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    """By record, the human; who is alone is left out."""
    return {row[0]: row[1] for row in connection.execute(_HUMANS, {"ids": sorted(ids)})}


def any_known(connection: Connection) -> bool:
    """Whether any two records are one human."""
    return connection.scalar(select(humans.c.debtor_id).limit(1)) is not None


def fold(connection: Connection, pairs: Iterable[tuple[int, int]]) -> None:
    """Write down who is one human by these pairs of records, and by nothing else."""
    wanted = together(pairs)
    known = {row[0]: row[1] for row in connection.execute(select(humans))}
    gone = sorted(key for key, human in known.items() if wanted.get(key) != human)
    if gone:
        connection.execute(delete(humans).where(one_of(humans.c.debtor_id, "ids")), {"ids": gone})
    fresh = [{"debtor_id": key, "human": human} for key, human in wanted.items() if known.get(key) != human]
    insert_rows(connection, humans, fresh)
