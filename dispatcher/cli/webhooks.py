"""`dispatcher webhooks`: where events are sent to."""

from typing import Annotated

import typer

from dispatcher.cli.opening import AsJson, actor, opened, print_json

app = typer.Typer()
Number = Annotated[int, typer.Argument(help="The webhook's number, as listed.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="Where events go; https, or http on this machine.")],
    creditor: Annotated[
        str, typer.Option("--creditor", help="Whose events alone; every creditor's if not given.")
    ] = "",
) -> None:
    """Tell a receiver of what happens from now on; its secret is printed once.

    Example: dispatcher webhooks add https://erp.acme.example/hooks/dispatcher --creditor acme
    """
    from dispatcher.wire.manage_webhooks import add_webhook

    with opened() as house:
        _, secret = add_webhook(
            house.database, house.optout_secret, url=url, creditor=creditor, by=actor(), at=house.real_now()
        )
    print(secret)


@app.command("list")
def list_webhooks(as_json: AsJson = False) -> None:
    """List receivers and how it goes with each.

    Example: dispatcher webhooks list --json
    """
    from dispatcher.wire.storage import webhooks

    with opened() as house, house.database.reading() as connection:
        living = webhooks.living(connection)
    if as_json:
        print_json(
            [
                {
                    "id": one.id,
                    "url": one.url,
                    "creditor": one.creditor or None,
                    "failures": one.failures,
                    "failing_since": one.failing_since.isoformat() if one.failing_since else None,
                }
                for one in living
            ]
        )
        return
    for one in living:
        state = (
            f"failing since {one.failing_since:%Y-%m-%d %H:%M} UTC" if one.failing_since else "takes events"
        )
        print(f"{one.id:<5} {one.creditor or 'all':<12} {state:<36} {one.url}")
    if not living:
        print("no webhooks yet: dispatcher webhooks add URL --creditor KEY")


@app.command()
def tries(number: Number) -> None:
    """Show the newest requests to a receiver, newest first.

    Example: dispatcher webhooks tries 1
    """
    from dispatcher.wire.storage import webhooks

    with opened() as house, house.database.reading() as connection:
        found = webhooks.tries(connection, number)
    for one in found:
        print(
            f"{one.at:%Y-%m-%d %H:%M:%S} UTC  event {one.position:<10} {one.status or 'no answer'} {one.said}"
        )
    if not found:
        print(f"nothing was sent to webhook {number} yet")


@app.command()
def retry(number: Number) -> None:
    """Ask a receiver again at once instead of after its wait.

    Example: dispatcher webhooks retry 1
    """
    from dispatcher.wire.manage_webhooks import retry_webhook

    with opened() as house:
        retry_webhook(house.database, number, creditor="", by=actor(), at=house.real_now())
    print(f"webhook {number} is asked again by the next scheduler, `up` or `serve`")


@app.command()
def end(number: Number) -> None:
    """Send nothing more to a receiver.

    Example: dispatcher webhooks end 1
    """
    from dispatcher.wire.manage_webhooks import end_webhook

    with opened() as house:
        end_webhook(house.database, number, creditor="", by=actor(), at=house.real_now())
    print(f"webhook {number} has ended")
