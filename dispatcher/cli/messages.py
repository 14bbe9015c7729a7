"""`dispatcher messages`: list them, show one with all that happened to it, decide about those that wait."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from channels.kind import ChannelKind
from dispatcher.cli.delivery import acknowledge, cancel, hold, release, replan, resolve
from dispatcher.cli.opening import AsJson, opened, print_json
from dispatcher.messages.domain.message import State
from dispatcher.values.plain_values import plain

app = typer.Typer()
for _verb in (hold, release, replan, cancel, resolve, acknowledge):
    app.command()(_verb)


@app.command("list")
def list_messages(
    state: Annotated[State | None, typer.Option("--state", help="Where they stand now.")] = None,
    run: Annotated[int | None, typer.Option("--run", help="Of this run alone.")] = None,
    channel: Annotated[ChannelKind | None, typer.Option("--channel", help="On this one alone.")] = None,
    after: Annotated[str, typer.Option("--after", help="Go on after this id.")] = "",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="At most so many; all with --json, else 50.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List messages, oldest first.

    Example: dispatcher messages list --state unknown
    """
    from dispatcher.runs.storage.run_totals import list_messages as rows_of

    with opened() as dispatcher, dispatcher.database.reading() as connection:
        most = limit or (-1 if as_json else 50)
        rows = rows_of(connection, state=state, run_id=run, channel=channel, after=after, limit=most)
    lines = [_row(row) for row in rows]
    if as_json:
        print_json(lines)
        return
    for line in lines:
        print(
            f"{line['id']}  {line['state']:<9} {line['channel']:<6} {line['step']:<18} "
            f"{line['debtor']:<24} {line['address']}"
        )
    print(
        f"{len(lines)} messages"
        + (f"; more with --after {lines[-1]['id']}" if limit is None and len(lines) == 50 else "")
    )


@app.command()
def show(
    message_id: Annotated[str, typer.Argument(help="The message's id.")],
    body: Annotated[bool, typer.Option("--body", help="Print the reading text too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one message: where it stands, why, every attempt and event.

    Example: dispatcher messages show 019394a1-… --body
    """
    from dispatcher.messages.show_message import show_message

    with opened() as dispatcher:
        shown = show_message(dispatcher.database, message_id)
    if as_json:
        print_json(plain(shown))
        return
    _print(shown, body=body)


def _row(row: Any) -> dict[str, Any]:
    line: dict[str, Any] = plain(dict(row._mapping))  # noqa: SLF001 SQLAlchemy's public name for a row as a mapping
    line["debtor"] = f"{line['creditor']}/{line['debtor']}"
    return line


def _print(shown: dict[str, Any], *, body: bool) -> None:
    message = shown["message"]
    for name in (
        "id",
        "state",
        "debtor",
        "debts",
        "step",
        "kind",
        "channel",
        "address",
        "template",
        "run_id",
        "as_of",
        "expires_at",
    ):
        value = message[name]
        print(f"{name:>12}: {', '.join(value) if isinstance(value, list) else value}")
    zone = message["zones"][0] if message["zones"] else "UTC"
    for reason in message["reasons"]:
        print(
            f"{'why':>12}: {reason.get('pack')}/{reason.get('rule')}: "
            f"{reason.get('detail')} [{reason.get('reference')}]"
        )
    print("\nWhat happened:")
    for entry in shown["entries"]:
        local = datetime.fromisoformat(entry["at"]).astimezone(ZoneInfo(zone))
        more = entry.get("provider_id") or (entry.get("details") or {}).get("reason") or ""
        print(f"  {local:%Y-%m-%d %H:%M:%S} {zone}  {entry['event']:<12} {entry['actor']}  {more}")
    if body:
        print("\n" + (shown["text"] or "the text was erased, or was not made yet"))
