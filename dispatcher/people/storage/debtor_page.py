"""What the debtors' own page needs to know about whoever holds its link: no debt is read here."""

from dataclasses import dataclass

from sqlalchemy import Connection, exists, select

from dispatcher.database.tables.delivery import attempts
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkHolder:
    """Whom a link is for. `address` is empty where the link speaks of a medium as a whole."""

    id: int
    reference: str  # creditor/reference
    creditor: str
    language: str
    address: str
    erased: bool


def link_holder(connection: Connection, person: str, contact_point_id: int) -> LinkHolder | None:
    """The person behind a pseudonym and one of their addresses; None where there is nobody any more."""
    row = connection.execute(
        select(debtors.c.id, debtors.c.reference, debtors.c.language, debtors.c.erased_at, creditors.c.key)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(debtors.c.person == person)
    ).first()
    if row is None:
        return None
    address = connection.scalar(
        select(contact_points.c.address).where(
            contact_points.c.id == contact_point_id, contact_points.c.debtor_id == row.id
        )
    )
    return LinkHolder(
        id=row.id,
        reference=f"{row.key}/{row.reference}",
        creditor=row.key,
        language=row.language,
        address=address or "",
        erased=row.erased_at is not None,
    )


def links_may_be_out(connection: Connection) -> bool:
    """Whether anything was ever sent from this database, and a debtor's link in it for all we know."""
    return bool(connection.scalar(select(exists().where(attempts.c.message_id.is_not(None)))))
