"""`dispatcher record`: write down what a person said or did. A command a fact, made from the table of facts."""

from collections.abc import Callable
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatcher.cli.opening import AsJson, Now, actor, opened, print_json
from dispatcher.people.domain.fact_document import facts_document
from dispatcher.people.domain.fact_table import FACTS
from dispatcher.people.domain.facts import Fact, Field, Takes, words
from dispatcher.people.recording import Recorded, Said

app = typer.Typer()

_Who = Annotated[
    str,
    typer.Argument(metavar="DEBTOR", help="creditor/reference, or a reference that only one creditor has."),
]
_Source = Annotated[str, typer.Option(help="Where this comes from: a call, a letter's number, a ticket.")]
_Note = Annotated[str, typer.Option(help="In your words; erasable.")]
_METAVARS = {Takes.DAY: "DATE", Takes.INSTANT: "INSTANT", Takes.DEBT: "REFERENCE"}


def command_of(fact: Fact) -> Callable[..., None]:
    """The command of a fact: its positional fields as arguments, the others as options."""
    fields = sorted(fact.fields, key=lambda field: not field.positional)

    def record(*, debtor: str, source: str, note: str, now: Any, as_json: bool, **given: Any) -> None:
        texts = {name: _texts(value) for name, value in given.items()}
        with opened(now) as program:
            said = Said(now=program.now(), actor=actor(), source=source, note=note)
            _tell(program.record(fact.name, debtor, said, texts), as_json)

    shared = {"source": (_Source, ""), "note": (_Note, ""), "now": (Now, None), "as_json": (AsJson, False)}
    parameters = [
        Parameter("debtor", Parameter.KEYWORD_ONLY, annotation=_Who),
        *(_parameter(field) for field in fields),
        *(
            Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
            for name, (annotation, default) in shared.items()
        ),
    ]
    record.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    record.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    record.__doc__ = f"{fact.says}\n\nExample: {fact.example}"
    return record


def _parameter(field: Field) -> Parameter:
    shape: Any = list[str] if field.many else bool if field.takes is Takes.FLAG else str
    default: Any = Parameter.empty if field.required else field.default if field.positional else None
    asked: Any = typer.Argument(help=_help(field)) if field.positional else _option(field)
    annotation: Any = Annotated[shape if default is not None else shape | None, asked]
    return Parameter(field.name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _option(field: Field) -> Any:
    name = field.option_name
    if field.takes is Takes.FLAG and field.default is not False:
        name = f"{name}/--no-{name[2:]}"
    return typer.Option(
        name, metavar=None if field.takes is Takes.FLAG else _METAVARS.get(field.takes), help=_help(field)
    )


def _help(field: Field) -> str:
    """What the field says, for which kinds, and what silence means."""
    parts = [f"{', '.join(map(words, field.only))}: " if field.only else "", field.says]
    if field.choices:
        parts.append(f" One of: {', '.join(field.choices)}.")
    if field.many:
        parts.append(" May be repeated.")
    if field.default is not None and not field.positional and field.default is not False:
        silence = {True: "yes"}.get(field.default, field.default)
        kinds = f" for {', '.join(map(words, field.default_for))}" if field.default_for else ""
        parts.append(f" Where nobody says it: {silence}{kinds}.")
    return "".join(parts)


def _texts(value: Any) -> tuple[str, ...]:
    """An option's value as a form sends it."""
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        return tuple(value)
    return ("yes" if value else "no",) if isinstance(value, bool) else (str(value),)


def _tell(recorded: Recorded, as_json: bool) -> None:
    """Tell what was recorded."""
    if as_json:
        print_json(
            {
                "fact": recorded.fact,
                "debtor": recorded.debtor,
                "debts": recorded.debts,
                "already": recorded.already,
                "added": recorded.added,
                "details": recorded.details,
                **({"id": recorded.details["id"]} if "id" in recorded.details else {}),
            }
        )
        return
    debts = f", {', '.join(recorded.debts)}" if recorded.debts else ""
    print(f"{recorded.debtor}{debts}: {words(recorded.fact)} {_outcome(recorded)}")


def _outcome(recorded: Recorded) -> str:
    if recorded.already:
        return (
            f"recorded already, {f'added: {_listed(recorded.added)}' if recorded.added else 'nothing added'}"
        )
    details = _listed(recorded.details)
    return f"recorded{f' ({details})' if details else ''}"


def _listed(details: Any) -> str:
    said = ((name, value) for name, value in details.items() if value not in (None, "", [], False))
    return "; ".join(_told(name, value) for name, value in said)


def _told(name: str, value: Any) -> str:
    if isinstance(value, list):
        return f"{words(name)} " + "; ".join(_item(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{words(key)} {_plain(part)}" for key, part in value.items())
    return words(name) if value is True else f"{words(name)} {value}"


def _item(item: Any) -> str:
    return " ".join(_plain(part) for part in item.values()) if isinstance(item, dict) else str(item)


def _plain(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


for _fact in FACTS:
    app.command(_fact.name.replace("_", "-"))(command_of(_fact))


@app.command()
def document(
    out: Annotated[Path | None, typer.Option(help="Write it into this file; else print it.")] = None,
) -> None:
    """The table that docs/recorded_facts.md holds: every fact, its fields, what each becomes.

    Example: dispatcher record document
    """
    if out is None:
        print(facts_document(), end="")
    else:
        out.write_text(facts_document(), encoding="utf-8")
