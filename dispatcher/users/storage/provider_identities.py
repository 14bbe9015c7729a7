"""Who signs in by the provider, as rows."""

from sqlalchemy import Connection, delete, insert, select

from dispatcher.database.tables.users import provider_identities

_p = provider_identities.c


def find_user(connection: Connection, issuer: str, subject: str) -> int | None:
    """The id of the user who is that subject."""
    return connection.scalar(select(_p.user_id).where(_p.issuer == issuer, _p.subject == subject))


def link(connection: Connection, user_id: int, issuer: str, subject: str) -> None:
    """From here on the user is that subject, and no other is."""
    connection.execute(
        delete(provider_identities).where(
            (_p.user_id == user_id) | ((_p.issuer == issuer) & (_p.subject == subject))
        )
    )
    row = {"user_id": user_id, "issuer": issuer, "subject": subject}
    connection.execute(insert(provider_identities).values(row))


def subjects(connection: Connection) -> dict[int, str]:
    """User -> subject at the provider."""
    return {row.user_id: row.subject for row in connection.execute(select(_p.user_id, _p.subject))}
