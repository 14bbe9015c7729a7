"""Plans messages that are about no debt: the one confirmation of an opt-out, answers, word of a closed page."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select

from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import opt_outs
from dispatcher.database.tables.portfolio import contact_points, creditors, debtors
from dispatcher.messages.domain.message import State
from dispatcher.values.message_id import RandomBytes, new_message_id
from dispatcher.values.written_address import address_key

KIND = "optout_confirmation"
TEMPLATE = "opt-out-confirmation"


def stopped_at(connection: Connection, address: str, source: str) -> datetime | None:
    """Since when a stop from that source has been in force at an address: it has had its confirmation."""
    query = select(opt_outs.c.at).where(
        opt_outs.c.address == address_key(address),
        opt_outs.c.source == source,
        opt_outs.c.revoked_at.is_(None),
    )
    found: datetime | None = connection.scalar(query.limit(1))
    return found


def answered_since(connection: Connection, address: str, template: str, since: datetime) -> bool:
    """Whether that text was planned for an address since then."""
    query = select(messages.c.id).where(
        func.lower(messages.c.address) == address_key(address),
        messages.c.template == template,
        messages.c.created_at > since,
    )
    return connection.scalar(query.limit(1)) is not None


def plan(
    connection: Connection,
    *,
    debtor_id: int,
    address: str,
    channel: str,
    now: datetime,
    valid: timedelta,
    random_bytes: RandomBytes,
    personal: tuple[int, str],
    template: str = TEMPLATE,
    kind: str = KIND,
) -> str:
    """Add the message, waiting for its text; returns its id."""
    key = new_message_id(now, random_bytes)
    connection.execute(
        insert(messages).values(
            id=key,
            creditor_id=select(debtors.c.creditor_id).where(debtors.c.id == debtor_id).scalar_subquery(),
            recipient_id=debtor_id,
            as_of=now.date(),
            step=template,
            kind=kind,
            channel=channel,
            address=address,
            contact_point_id=select(contact_points.c.id)
            .where(
                contact_points.c.debtor_id == debtor_id,
                func.lower(contact_points.c.address) == address_key(address),
            )
            .limit(1)
            .scalar_subquery(),
            language=select(debtors.c.language).where(debtors.c.id == debtor_id).scalar_subquery(),
            template=template,
            state=State.PLANNED,
            expires_at=now + valid,
            personal_id=personal[0],
            commitment=personal[1],
            created_at=now,
            updated_at=now,
        )
    )
    return key


def full_reference(connection: Connection, debtor_id: int) -> tuple[str, str, str]:
    """(person, creditor, creditor/reference) of a debtor."""
    query = (
        select(debtors.c.person, creditors.c.key, debtors.c.reference)
        .join(creditors, creditors.c.id == debtors.c.creditor_id)
        .where(debtors.c.id == debtor_id)
    )
    person, creditor, reference = connection.execute(query).one()
    return person, creditor, f"{creditor}/{reference}"
