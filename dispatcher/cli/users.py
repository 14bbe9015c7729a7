"""`dispatcher users`: who may sign in, and as what."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.cli.opening import AsJson, actor, opened, print_json
from dispatcher.users.domain.user import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.users.domain.user import User


app = typer.Typer()
Name = Annotated[str, typer.Argument(help="The user's name.")]
Roles = Annotated[
    list[str],
    typer.Option("--role", help=f"One of {', '.join(Role)}; may be repeated or separated by commas."),
]
_PASSWORD = "DISPATCHER_NEW_PASSWORD"  # noqa: S105 the name of a variable


@app.command()
def add(
    name: Name,
    role: Roles,
    email: Annotated[str, typer.Option(help="For test sends to oneself.")] = "",
) -> None:
    """Add a user; asks for the password, or takes DISPATCHER_NEW_PASSWORD or a line on standard input.

    Example: dispatcher users add ines --role admin --role operator
    """
    from dispatcher.users import manage_users

    with opened() as house:
        user = manage_users.add_user(
            house.database,
            name=name,
            roles=_split(role),
            password=_password(),
            email=email,
            by=actor(),
            at=house.real_now(),
        )
    print(f"added {user.name}: {_roles(user)}")


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List users with their roles.

    Example: dispatcher users list --json
    """
    from dispatcher.users.storage import users as user_rows

    with opened() as house, house.database.reading() as connection:
        found = user_rows.list_all(connection)
    if as_json:
        print_json([_document(user) for user in found])
        return
    for user in found:
        print(f"{user.name:<20} {_roles(user):<40} {'disabled' if user.disabled_at else ''}".rstrip())
    if not found:
        print("no users yet: dispatcher users add NAME --role admin")


@app.command()
def access(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it as CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who can get in, with which roles, by what, and when they last did: to be looked through each quarter.

    Example: dispatcher users access --out access-2026-q4.csv
    """
    from dispatcher.users.review_access import review_access

    with opened() as house:
        rows = [row.as_json() for row in review_access(house.database, house.real_now())]
    if as_json:
        print_json(rows)
        return
    if out is not None:
        _write_csv(out, rows)
        print(f"wrote {len(rows)} rows to {out}")
        return
    for row in rows:
        what = f"{row['kind']} {row['label']}" if row["label"] else row["signs_in_by"]
        used = row["last_used"][:10] or "never"
        print(
            f"{row['name']:<20} {what:<24} {row['roles'] or row['scopes']:<40} {used:<10} {row['remarks']}".rstrip()
        )


@app.command("set-role")
def set_role(name: Name, role: Roles) -> None:
    """Give a user these roles instead of the former.

    Example: dispatcher users set-role ines --role auditor
    """
    from dispatcher.users import manage_users

    with opened() as house:
        user = manage_users.set_roles(
            house.database, name=name, roles=_split(role), by=actor(), at=house.real_now()
        )
    print(f"{user.name}: {_roles(user)}")


@app.command()
def disable(name: Name) -> None:
    """Shut a user out at once; sessions and tokens end.

    Example: dispatcher users disable ines
    """
    from dispatcher.users import manage_users

    with opened() as house:
        user = manage_users.disable_user(house.database, name=name, by=actor(), at=house.real_now())
    print(f"{user.name} is disabled")


@app.command()
def enable(name: Name) -> None:
    """Let a disabled or locked-out user in again.

    Example: dispatcher users enable ines
    """
    from dispatcher.users import manage_users

    with opened() as house:
        user = manage_users.enable_user(house.database, name=name, by=actor(), at=house.real_now())
    print(f"{user.name} may sign in")


@app.command("set-password")
def set_password(name: Name) -> None:
    """Set a user's password; asks as `add` does. All sessions of the user end.

    Example: dispatcher users set-password ines
    """
    from dispatcher.users import manage_users

    with opened() as house:
        manage_users.set_password(
            house.database, name=name, password=_password(), by=actor(), at=house.real_now()
        )
    print(f"the password of {name} is set")


@app.command("reset-second-factor")
def reset_second_factor(
    name: Name,
    why: Annotated[
        str, typer.Option("--why", help="How you know that it is they who ask; it stands in the log.")
    ],
) -> None:
    """Take the codes of a phone away from somebody who has lost it; their sessions end.

    Example: dispatcher users reset-second-factor ines --why "lost her phone, came by in person"
    """
    from dispatcher.users import manage_users

    with opened() as house:
        manage_users.reset_second_factor(house.database, name=name, why=why, by=actor(), at=house.real_now())
    print(f"{name} signs in by the password alone until they set up another phone")


@app.command("link-provider")
def link_provider(
    name: Name,
    subject: Annotated[str, typer.Option("--subject", help="The user's id at the OpenID provider.")],
) -> None:
    """Let a user sign in by the OpenID provider as the one it knows by that id.

    Example: dispatcher users link-provider ines --subject 248289761001
    """
    from dispatcher.users import manage_users

    with opened() as house:
        issuer = house.settings.oidc.issuer
        manage_users.link_provider(
            house.database, name=name, issuer=issuer, subject=subject, by=actor(), at=house.real_now()
        )
    print(f"{name} may sign in by {issuer}")


@app.command()
def token(
    name: Name,
    label: Annotated[str, typer.Option(help="What uses it; shown in the list of tokens.")] = "API",
    revoke: Annotated[bool, typer.Option("--revoke", help="End all tokens of the user instead.")] = False,
) -> None:
    """Make a bearer token for the API, with the user's roles. It is printed once and kept as a hash.

    Example: dispatcher users token ines --label "ledger system"
    """
    from dispatcher.users import manage_users

    with opened() as house:
        if revoke:
            ended = manage_users.revoke_tokens(house.database, name=name, by=actor(), at=house.real_now())
            print(f"{ended} tokens of {name} ended")
            return
        made = manage_users.make_token(
            house.database, name=name, label=label, by=actor(), at=house.real_now()
        )
    print(made)


def _split(roles: list[str]) -> list[str]:
    return [part for role in roles for part in role.split(",") if part.strip()]


def _password() -> str:
    if _PASSWORD in os.environ:
        return os.environ[_PASSWORD]
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _write_csv(path: Path, rows: "Sequence[dict[str, str]]") -> None:
    import csv

    from dispatcher.values.spreadsheet import to_cell

    with path.open("x", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(list(rows[0]) if rows else [])
        writer.writerows([to_cell(value) if value else "" for value in row.values()] for row in rows)


def _roles(user: "User") -> str:
    return ", ".join(sorted(user.roles))


def _document(user: "User") -> dict[str, Any]:
    return {
        "name": user.name,
        "email": user.email,
        "roles": sorted(user.roles),
        "disabled_at": user.disabled_at.isoformat() if user.disabled_at else None,
    }
