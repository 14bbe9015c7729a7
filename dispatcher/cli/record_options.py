"""What the commands of `dispatcher record` share: their options, who speaks, how the result is told."""

from datetime import date
from typing import Annotated, Any

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import actor, parse_day, print_json
from dispatcher.people.recording import FORMS, Recorded, Said

Who = Annotated[
    str,
    typer.Argument(metavar="DEBTOR", help="creditor/reference, or a reference that only one creditor has."),
]
Source = Annotated[str, typer.Option(help="Where this comes from: a call, a letter's number, a ticket.")]
Note = Annotated[str, typer.Option(help="In your words; erasable.")]
Debts = Annotated[
    list[str] | None,
    typer.Option(
        "--debt", metavar="REFERENCE", help="The debt concerned; may be repeated. None: the person."
    ),
]
Form = Annotated[str, typer.Option(help=f"How it reached us: {', '.join(FORMS)}.")]
Address = Annotated[str, typer.Option(help="An e-mail address or telephone number.")]


def day_option(name: str, text: str) -> Any:
    """An option that takes a day."""
    return typer.Option(name, parser=parse_day, metavar="DATE", help=text)


def said_by(program: Dispatcher, source: str, note: str) -> Said:
    """Who reports a fact, and when."""
    return Said(now=program.now(), actor=actor(), source=source, note=note)


def dated(**days: date | None) -> dict[str, str]:
    """The days that were given, as text."""
    return {name: day.isoformat() for name, day in days.items() if day}


def known_form(text: str) -> str:
    """One of the forms in which a debtor can write or speak to us."""
    if text not in FORMS:
        raise typer.BadParameter(f"{text!r} is no form; there are: {', '.join(FORMS)}")
    return text


def done(found: Recorded, as_json: bool) -> None:
    """Tell what was recorded."""
    if as_json:
        print_json(
            {
                "fact": found.fact,
                "debtor": found.debtor,
                "debts": found.debts,
                "already": found.already,
                "details": found.details,
            }
        )
        return
    debts = f", {', '.join(found.debts)}" if found.debts else ""
    word = "recorded already, nothing added" if found.already else "recorded"
    told = "; ".join(
        _told(name, value) for name, value in found.details.items() if value not in (None, "", [], False)
    )
    print(f"{found.debtor}{debts}: {found.fact.replace('_', ' ')} {word}{f' ({told})' if told else ''}")


def _told(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(" ".join(_plain(part) for part in item.values()) for item in value)
    return name.replace("_", " ") if value is True else f"{name.replace('_', ' ')} {value}"


def _plain(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
