"""`dispatcher templates`: write, check, preview, review and publish what debtors read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from channels.kind import ChannelKind
from dispatcher import resources
from dispatcher.bootstrap import Dispatcher
from dispatcher.cli import template_review
from dispatcher.cli.opening import AsJson, AsOf, Now, actor, opened, print_json
from dispatcher.cli.template_store import Name, compiled_version, seed_store
from dispatcher.cli.template_views import (
    is_held,
    placeholder_rows,
    preview_json,
    problem_json,
    show_preview,
    table_rows,
    version_row,
    write_body,
)

if TYPE_CHECKING:
    from dispatcher.writing.domain.template import TemplateVersion
    from dispatcher.writing.language.compiled import CompiledTemplate
    from dispatcher.writing.language.problems import Problem


_WHOSE = {"ours": "our own", "debtor": "the debtor's own words", "portfolio": "as the portfolio has it"}

app = typer.Typer()
app.add_typer(template_review.app)

FINDING = 1


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every template: the version in force, the newest one, languages and purpose.

    Example: dispatcher templates list
    """
    with opened() as dispatcher:
        seed_store(dispatcher)
        rows = [_row(dispatcher, name) for name in _names(dispatcher)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        force = f"version {row['in_force']} in force" if row["in_force"] else "nothing in force"
        newest = f", version {row['newest']} {row['state']}" if row["newest"] != row["in_force"] else ""
        print(f"{row['name']}: {force}{newest}; {', '.join(row['texts']) or 'does not compile'}")
        if row["purpose"]:
            print(f"  {row['purpose']}")


@app.command()
def seed() -> None:
    """Put the templates that come with the program into the store, those it does not have yet.

    Example: dispatcher templates seed
    """
    from dispatcher.authoring.seed_templates import seed_templates

    with opened() as dispatcher:
        added = seed_templates(
            dispatcher.database, dispatcher.layouts, resources.templates_dir(None), now=dispatcher.now()
        )
    print(f"added {', '.join(added)}" if added else "nothing to add: the store has them all")


@app.command()
def lint(
    where: Annotated[
        str, typer.Argument(help="A folder of templates, one template's folder, or a template in the store.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check templates on every sample debtor; exit 1 when there is anything to mend.

    Without an argument: the folder that DISPATCHER_TEMPLATES_DIR names, else the templates in force.

    Example: dispatcher templates lint templates/first-reminder
    """
    with opened() as dispatcher:
        found, steps = _linted(dispatcher, where)
    problems = [(name, problem) for name, each in found.items() for problem in each]
    if as_json:
        print_json(
            {
                "templates": sorted(found),
                "problems": [problem_json(*each) for each in problems],
                "strategies": steps,
            }
        )
    else:
        for name, problem in problems:
            print(f"{name}/{problem}")
        for line in steps:
            print(line)
        print(f"templates: {len(found)}; problems: {len(problems) + len(steps)}")
    if problems or steps:
        raise typer.Exit(FINDING)


@app.command()
def preview(
    name: Name,
    debtor: Annotated[
        str, typer.Option(metavar="REF", help="Whose message; without it, every sample's.")
    ] = "",
    channel: Annotated[ChannelKind | None, typer.Option(help="email, sms or letter.")] = None,
    language: Annotated[str, typer.Option(help="Of the samples.")] = "en",
    version: Annotated[int, typer.Option(help="A version; the one in force if not given.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the exact bytes: .eml, .txt or .pdf.")
    ] = None,
    as_of: AsOf = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Show what a debtor gets, made by the function that delivers; exit 1 when it would be held.

    Example: dispatcher templates preview first-reminder --debtor acme/00042 --channel letter --out x.pdf
    """
    from dispatcher.authoring.preview_template import PreviewRequest, preview_for_debtor, preview_sample
    from dispatcher.writing.render import Rendered

    with opened(now) as dispatcher:
        seed_store(dispatcher)
        compiled = compiled_version(dispatcher, name, version)
        if debtor:
            _note_view(dispatcher, debtor)
            request = PreviewRequest(
                debtor=debtor,
                channel=channel,
                as_of=as_of or dispatcher.now().date(),
                now=dispatcher.now(),
                version_of=None if version else dispatcher.templates.version,
            )
            shown = [
                (
                    "",
                    preview_for_debtor(dispatcher.database, dispatcher.preparing(actor()), compiled, request),
                )
            ]
        else:
            shown = preview_sample(compiled, channel or _first_channel(compiled, language), language)
    if out is not None:
        write_body(out, shown[0][1])
    if as_json:
        print_json([preview_json(each) for _, each in shown])
    elif out is None or is_held(shown[0][1]):
        for title, each in shown:
            show_preview(title, each)
    if not all(isinstance(each.rendered, Rendered) and not each.rendered.findings for _, each in shown):
        raise typer.Exit(FINDING)


@app.command()
def diff(
    name: Name,
    old: Annotated[int, typer.Argument(help="A version; the one in force if not given.")] = 0,
    new: Annotated[int, typer.Argument(help="A version; the newest if not given.")] = 0,
) -> None:
    """Show what differs between two versions, file by file.

    Example: dispatcher templates diff first-reminder 1 2
    """
    from dispatcher.authoring.compare_versions import compare_versions
    from dispatcher.authoring.review_template import read_version

    with opened() as dispatcher:
        seed_store(dispatcher)
        before = read_version(dispatcher.database, name, old or dispatcher.templates.in_force(name) or 1)
        after = read_version(dispatcher.database, name, new or _newest(dispatcher, name))
    difference = compare_versions(before.version, after.version)
    print(
        difference or f"versions {before.version.version} and {after.version.version} are the same",
        end="" if difference else "\n",
    )


@app.command()
def history(name: Name, as_json: AsJson = False) -> None:
    """List every version of a template: who wrote it, who approved it, from when it holds.

    Example: dispatcher templates history first-reminder
    """
    from dispatcher.authoring.preview_template import NothingToShow
    from dispatcher.authoring.storage import template_versions

    with opened() as dispatcher:
        seed_store(dispatcher)
        with dispatcher.database.reading() as connection:
            versions = template_versions.history(connection, name)
        in_force = dispatcher.templates.in_force(name)
    if not versions:
        raise NothingToShow(f"there is no template {name}; `dispatcher templates list` names them all")
    rows = [version_row(each, in_force) for each in versions]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(_history_line(row))


def _history_line(row: dict[str, Any]) -> str:
    parts = [
        f"version {row['version']}: {row['state']}{' (in force)' if row['in_force'] else ''}",
        f"by {row['author'] or 'nobody'} ({row['source']})",
        f"approved by {row['approver']}" if row["approver"] else "",
        f"from {row['published_from']}" if row["published_from"] else "",
        row["comment"],
    ]
    return ", ".join(part for part in parts if part)


@app.command()
def placeholders(as_json: AsJson = False) -> None:
    """List all that a template may speak of, with samples.

    Example: dispatcher templates placeholders
    """
    from dispatcher.writing.language.placeholders import PLACEHOLDERS

    rows = [row for placeholder in PLACEHOLDERS.values() for row in placeholder_rows(placeholder, "")]
    if as_json:
        print_json(rows + table_rows())
        return
    for row in rows:
        marks = "; may be empty" if row["may_be_empty"] else ""
        sample = f" ({row['sample']})" if row["sample"] else ""
        print(f"{row['name']}: {row['description']}{sample}, {row['kind']}, {_WHOSE[row['trust']]}{marks}")
    print(
        "debt.extra.NAME: any further column of the portfolio's file, text, as the portfolio has it; may be empty"
    )
    print("tables.debts, tables.breakdown, tables.plans: tables, each alone on its line")


def _names(dispatcher: Dispatcher) -> list[str]:
    from dispatcher.authoring.storage import template_versions

    with dispatcher.database.reading() as connection:
        return template_versions.names(connection)


def _newest(dispatcher: Dispatcher, name: str) -> int:
    from dispatcher.authoring.storage import template_versions

    with dispatcher.database.reading() as connection:
        return template_versions.next_number(connection, name) - 1


def _row(dispatcher: Dispatcher, name: str) -> dict[str, Any]:
    from dispatcher.authoring.storage import template_versions

    with dispatcher.database.reading() as connection:
        newest = template_versions.newest(connection, name)
    in_force = dispatcher.templates.in_force(name)
    compiled = dispatcher.templates.version(name, in_force) if in_force else None
    texts = sorted(f"{language} {channel}" for language, channel in compiled.texts) if compiled else []
    return {
        "name": name,
        "in_force": in_force,
        "newest": newest.version.version if newest else None,
        "state": newest.version.state.value if newest else None,
        "texts": texts,
        "purpose": compiled.meta.purpose if compiled else "",
        "owner": compiled.meta.owner if compiled else "",
    }


def _linted(dispatcher: Dispatcher, where: str) -> "tuple[dict[str, tuple[Problem, ...]], list[str]]":
    from dispatcher.authoring.lint_templates import lint_folder, lint_stored_strategies, lint_versions
    from dispatcher.authoring.preview_template import NothingToShow

    folder = Path(where) if where else dispatcher.settings.templates_dir
    if folder is not None and folder.is_dir():
        if (folder / "template.yaml").is_file():
            return lint_folder(folder.parent.resolve(), dispatcher.layouts, only=folder.resolve().name), []
        return lint_folder(folder, dispatcher.layouts), []
    seed_store(dispatcher)
    versions = _in_force(dispatcher)
    if where:
        versions = [version for version in versions if version.name == where]
        if not versions:
            raise NothingToShow(f"{where} is neither a folder nor a template in force")
        return lint_versions(versions, dispatcher.layouts), []
    return (
        lint_versions(versions, dispatcher.layouts),
        lint_stored_strategies(dispatcher.policy.strategies, versions, dispatcher.layouts),
    )


def _in_force(dispatcher: Dispatcher) -> "list[TemplateVersion]":
    from dispatcher.authoring.storage import template_versions

    with dispatcher.database.reading() as connection:
        found = [
            template_versions.in_force(connection, name, dispatcher.now())
            for name in template_versions.names(connection)
        ]
    return [stored.version for stored in found if stored is not None]


def _first_channel(compiled: "CompiledTemplate", language: str) -> ChannelKind:
    return next(channel for channel in ChannelKind if compiled.has(channel, language))


def _note_view(dispatcher: "Dispatcher", debtor: str) -> None:
    """Who sees a real person's text stands in the log; raises UnknownDebtorError."""
    from dispatcher.log.domain.events import Event
    from dispatcher.log.domain.log_entry import LogEntry
    from dispatcher.log.storage import delivery_log
    from dispatcher.people.storage import person_lists
    from dispatcher.people.storage.find_debtor import find_debtor

    with dispatcher.database.writing() as connection:
        row = person_lists.person_row(connection, find_debtor(connection, debtor).id)
        details = {"what": "preview", "person": row.person}
        entry = LogEntry(event=Event.VIEWED, at=dispatcher.real_now(), actor=actor(), details=details)
        delivery_log.append(connection, [entry])
