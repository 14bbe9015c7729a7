"""`dispatcher service-accounts`: which programs may use the API, and for what."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.cli.opening import AsJson, actor, opened, print_json

if TYPE_CHECKING:
    from dispatcher.users.manage_service_accounts import ListedAccount

app = typer.Typer()
Name = Annotated[str, typer.Argument(help="The account's name, as the log will show it.")]


@app.command()
def add(
    name: Name,
    scope: Annotated[
        list[str], typer.Option("--scope", help="What it may do, such as debts:write; may be repeated.")
    ],
    creditor: Annotated[str, typer.Option("--creditor", help="The one creditor whose data it may use.")] = "",
    is_test: Annotated[
        bool, typer.Option("--test", help="Answer all it asks for as if, keep none of it, send nothing.")
    ] = False,
) -> None:
    """Add an account; its key is printed once and kept as a hash.

    Example: dispatcher service-accounts add acme-erp --scope debts:write --scope events:read --creditor acme
    """
    from dispatcher.users import manage_service_accounts

    with opened() as house:
        key = manage_service_accounts.add_account(
            house.database,
            name=name,
            scopes=scope,
            creditor=creditor,
            by=actor(),
            at=house.real_now(),
            is_test=is_test,
        )
    print(key)


@app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List accounts with scopes and living keys.

    Example: dispatcher service-accounts list --json
    """
    from dispatcher.users import manage_service_accounts

    with opened() as house:
        accounts = manage_service_accounts.list_accounts(house.database, house.real_now())
    if as_json:
        print_json([_document(one) for one in accounts])
        return
    for one in accounts:
        keys = ", ".join(key.name for key in one.keys) or ("ended" if one.user.disabled_at else "no key")
        scopes = " ".join(sorted(one.account.scopes))
        test = "  (test: keeps nothing)" if one.account.is_test else ""
        print(f"{one.user.name:<20} {one.account.creditor or 'all':<12} {scopes}  {keys}{test}")
    if not accounts:
        print("no accounts yet: dispatcher service-accounts add NAME --scope debts:write --creditor KEY")


@app.command("add-key")
def add_key(name: Name) -> None:
    """Make a second key, so that the program can change over before the first ends.

    Example: dispatcher service-accounts add-key acme-erp
    """
    from dispatcher.users import manage_service_accounts

    with opened() as house:
        print(manage_service_accounts.add_key(house.database, name=name, by=actor(), at=house.real_now()))


@app.command("end-key")
def end_key(
    name: Name, key: Annotated[str, typer.Argument(help="What the key begins with, as listed.")]
) -> None:
    """End one key at once.

    Example: dispatcher service-accounts end-key acme-erp dsp_Zk3uY0ab
    """
    from dispatcher.users import manage_service_accounts

    with opened() as house:
        manage_service_accounts.end_key(
            house.database, name=name, prefix=key, by=actor(), at=house.real_now()
        )
    print(f"{key} of {name} has ended")


@app.command()
def end(name: Name) -> None:
    """Shut an account out for good; its keys end at once.

    Example: dispatcher service-accounts end acme-erp
    """
    from dispatcher.users import manage_service_accounts

    with opened() as house:
        manage_service_accounts.end_account(house.database, name=name, by=actor(), at=house.real_now())
    print(f"{name} is shut out")


def _document(one: "ListedAccount") -> dict[str, Any]:
    return {
        "name": one.user.name,
        "creditor": one.account.creditor or None,
        "scopes": sorted(one.account.scopes),
        "test": one.account.is_test,
        "ended": one.user.disabled_at is not None,
        "keys": [{"key": key.name, "expires_at": key.expires_at.isoformat()} for key in one.keys],
    }
