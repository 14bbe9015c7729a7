"""`dispatcher templates`: write, check, preview, review and publish what debtors read."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer

from channels.kind import ChannelKind
from channels.sms.segments import count_segments, suggest_replacements
from dispatcher import resources
from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, AsOf, Now, actor, opened, parse_day, print_json
from dispatcher.domain.sms_price import sms_price
from dispatcher.domain.template import TemplateVersion
from dispatcher.rendering.compile import CompiledTemplate
from dispatcher.rendering.placeholders import PLACEHOLDERS, Kind, Placeholder
from dispatcher.rendering.problems import Problem
from dispatcher.rendering.render import Rendered, RenderFailure
from dispatcher.services.compare_versions import compare_versions
from dispatcher.services.edit_template import Edit, save_draft
from dispatcher.services.lint_templates import lint_folder, lint_strategies, lint_versions
from dispatcher.services.preview_template import (
    NothingToShow,
    Preview,
    PreviewRequest,
    preview_for_debtor,
    preview_sample,
)
from dispatcher.services.publish_template import publish_template, retire_template
from dispatcher.services.rehearse_template import Rehearsal, rehearse_template
from dispatcher.services.review_template import approve_template, read_version, send_back_template, submit_template
from dispatcher.services.seed_templates import seed_templates
from dispatcher.services.template_files import read_template
from dispatcher.storage import template_versions
from dispatcher.storage.template_versions import StoredVersion

app = typer.Typer()

FINDING = 1
Name = Annotated[str, typer.Argument(help="The template's name, such as first-reminder.")]
Number = Annotated[int, typer.Argument(help="The version's number; `templates history NAME` lists them.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it, if not the user of this machine.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every template: the version in force, the newest one, languages and purpose.

    Example: dispatcher templates list
    """
    with opened() as dispatcher:
        _ready(dispatcher)
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
    with opened() as dispatcher:
        added = seed_templates(
            dispatcher.database, dispatcher.house, resources.templates_dir(None), now=dispatcher.now()
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
            {"templates": sorted(found), "problems": [_as_json(*each) for each in problems], "strategies": steps}
        )
    else:
        for name, problem in problems:
            print(f"{name}/{problem}")
        for line in steps:
            print(line)
        print(f"{len(found)} templates, {len(problems) + len(steps)} problems")
    if problems or steps:
        raise typer.Exit(FINDING)


@app.command()
def preview(
    name: Name,
    debtor: Annotated[str, typer.Option(metavar="REF", help="Whose message; without it, every sample's.")] = "",
    channel: Annotated[ChannelKind | None, typer.Option(help="email, sms or letter.")] = None,
    language: Annotated[str, typer.Option(help="Of the samples.")] = "en",
    version: Annotated[int, typer.Option(help="A version; the one in force if not given.")] = 0,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the exact bytes: .eml, .txt or .pdf.")] = None,
    as_of: AsOf = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Show what a debtor gets, made by the function that delivers; exit 1 when it would be held.

    Example: dispatcher templates preview first-reminder --debtor acme/C-1007 --channel letter --out x.pdf
    """
    with opened(now) as dispatcher:
        _ready(dispatcher)
        compiled = _compiled(dispatcher, name, version)
        if debtor:
            request = PreviewRequest(
                debtor=debtor, channel=channel, as_of=as_of or dispatcher.now().date(), now=dispatcher.now()
            )
            shown = [("", preview_for_debtor(dispatcher.database, dispatcher.press(actor()), compiled, request))]
        else:
            shown = preview_sample(compiled, channel or _first_channel(compiled, language), language)
    if out is not None:
        _write(out, shown[0][1])
    if as_json:
        print_json([_preview_json(each) for _, each in shown])
    elif out is None or _trouble(shown[0][1]):
        for title, each in shown:
            _show(title, each)
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
    with opened() as dispatcher:
        _ready(dispatcher)
        before = read_version(dispatcher.database, name, old or dispatcher.shelf.in_force(name) or 1)
        after = read_version(dispatcher.database, name, new or _newest(dispatcher, name))
    difference = compare_versions(before.version, after.version)
    print(difference or f"versions {before.version.version} and {after.version.version} are the same", end="" if difference else "\n")


@app.command()
def history(name: Name, as_json: AsJson = False) -> None:
    """List every version of a template: who wrote it, who approved it, from when it holds.

    Example: dispatcher templates history first-reminder
    """
    with opened() as dispatcher:
        _ready(dispatcher)
        with dispatcher.database.reading() as connection:
            versions = template_versions.history(connection, name)
        in_force = dispatcher.shelf.in_force(name)
    if not versions:
        raise NothingToShow(f"there is no template {name}; `dispatcher templates list` names them all")
    rows = [_version_row(each, in_force) for each in versions]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(
            f"version {row['version']}: {row['state']}{' (in force)' if row['in_force'] else ''}, from the {row['source']}"
            f", by {row['author'] or 'nobody'}{', approved by ' + row['approver'] if row['approver'] else ''}"
            f"{', from ' + row['published_from'] if row['published_from'] else ''}"
            f"{': ' + row['comment'] if row['comment'] else ''}"
        )


@app.command()
def placeholders(as_json: AsJson = False) -> None:
    """List all that a template may speak of, with samples.

    Example: dispatcher templates placeholders
    """
    rows = [row for placeholder in PLACEHOLDERS.values() for row in _placeholder_rows(placeholder, "")]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        marks = "; may be empty" if row["may_be_empty"] else ""
        sample = f" ({row['sample']})" if row["sample"] else ""
        print(f"{row['name']}: {row['description']}{sample}, {row['kind']}, {row['trust']} text{marks}")
    print("debt.extra.NAME: any further column of the portfolio's file, text, portfolio text; may be empty")
    print("tables.debts, tables.breakdown, tables.plans: tables, each alone on its line")


@app.command()
def save(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="A folder with template.yaml and a folder for each language.")],
    comment: Annotated[str, typer.Option(metavar="TEXT", help="What changed, for the reviewer.")] = "",
    by: By = "",
) -> None:
    """Save a folder as a new draft; exit 1 when it has problems, which keep it from being submitted.

    Example: dispatcher templates save first-reminder drafts/first-reminder --comment "Shorter"
    """
    files = read_template(folder.parent, folder.name).files
    with opened() as dispatcher:
        _ready(dispatcher)
        edit = Edit(name=name, files=files, author=by or actor(), comment=comment)
        saved = save_draft(dispatcher.database, dispatcher.house, edit, now=dispatcher.now())
    for problem in saved.problems:
        print(f"{name}/{problem}")
    print(f"saved as version {saved.version}, a draft with {len(saved.problems)} problems")
    if saved.problems:
        raise typer.Exit(FINDING)


@app.command()
def submit(name: Name, version: Number, by: By = "") -> None:
    """Hand a draft in for approval.

    Example: dispatcher templates submit first-reminder 2
    """
    with opened() as dispatcher:
        submit_template(
            dispatcher.database, dispatcher.house, name, version, actor=by or actor(), now=dispatcher.now()
        )
    print(f"submitted version {version} of {name}; another person can approve it")


@app.command()
def approve(name: Name, version: Number, by: By = "") -> None:
    """Approve a submitted version that somebody else wrote.

    Example: dispatcher templates approve first-reminder 2
    """
    with opened() as dispatcher:
        approve_template(dispatcher.database, name, version, actor=by or actor(), now=dispatcher.now())
    print(f"approved version {version} of {name}; `dispatcher templates publish {name} {version}` puts it in force")


@app.command("send-back")
def send_back(
    name: Name,
    version: Number,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What is to change.")],
    by: By = "",
) -> None:
    """Make a submitted or approved version a draft again.

    Example: dispatcher templates send-back first-reminder 2 --why "The date is missing"
    """
    with opened() as dispatcher:
        send_back_template(
            dispatcher.database, name, version, actor=by or actor(), why=why, now=dispatcher.now()
        )
    print(f"version {version} of {name} is a draft again")


@app.command()
def publish(
    name: Name,
    version: Number,
    since: Annotated[
        date | None, typer.Option("--from", parser=parse_day, metavar="DATE", help="From this day (UTC); now if not given.")
    ] = None,
    accept_failures: Annotated[
        bool, typer.Option("--accept-failures", help="Publish although some debtors' messages would be held.")
    ] = False,
    by: By = "",
    as_of: AsOf = None,
    now: Now = None,
) -> None:
    """Put an approved version in force, after rendering it for the whole current portfolio.

    Example: dispatcher templates publish first-reminder 2 --from 2026-12-01
    """
    with opened(now) as dispatcher:
        _ready(dispatcher)
        rehearsal = _rehearsed(dispatcher, name, version, as_of)
        _show_rehearsal(rehearsal)
        if not rehearsal.is_clean and not accept_failures:
            print("not published: mend the template, or say --accept-failures")
            raise typer.Exit(FINDING)
        instant = datetime.combine(since, time(), UTC) if since else None
        published = publish_template(
            dispatcher.database, dispatcher.house, name, version,
            actor=by or actor(), now=dispatcher.now(), since=instant,
        )  # fmt: skip
    print(f"version {version} of {name} holds from {published.version.published_from:%Y-%m-%d %H:%M} UTC")


@app.command()
def rehearse(name: Name, version: Number, as_of: AsOf = None, now: Now = None) -> None:
    """Render a version for the whole current portfolio; exit 1 when a message would be held.

    Example: dispatcher templates rehearse first-reminder 2
    """
    with opened(now) as dispatcher:
        _ready(dispatcher)
        rehearsal = _rehearsed(dispatcher, name, version, as_of)
    _show_rehearsal(rehearsal)
    if not rehearsal.is_clean:
        raise typer.Exit(FINDING)


@app.command()
def retire(name: Name, version: Number, by: By = "") -> None:
    """Take a published version out of force; the one published before it holds again.

    Example: dispatcher templates retire first-reminder 2
    """
    with opened() as dispatcher:
        retire_template(dispatcher.database, name, version, actor=by or actor(), now=dispatcher.now())
        dispatcher.shelf.forget()
        in_force = dispatcher.shelf.in_force(name)
    print(f"retired version {version} of {name}; {f'version {in_force} is' if in_force else 'nothing is'} in force now")


def _ready(dispatcher: Dispatcher) -> None:
    """An empty store is seeded, so that every verb works on a fresh home."""
    seed_templates(dispatcher.database, dispatcher.house, resources.templates_dir(None), now=dispatcher.now())


def _names(dispatcher: Dispatcher) -> list[str]:
    with dispatcher.database.reading() as connection:
        return template_versions.names(connection)


def _newest(dispatcher: Dispatcher, name: str) -> int:
    with dispatcher.database.reading() as connection:
        return template_versions.next_number(connection, name) - 1


def _row(dispatcher: Dispatcher, name: str) -> dict[str, Any]:
    with dispatcher.database.reading() as connection:
        newest = template_versions.newest(connection, name)
    in_force = dispatcher.shelf.in_force(name)
    compiled = dispatcher.shelf.version(name, in_force) if in_force else None
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


def _linted(dispatcher: Dispatcher, where: str) -> tuple[dict[str, tuple[Problem, ...]], list[str]]:
    folder = Path(where) if where else dispatcher.settings.templates_dir
    if folder is not None and folder.is_dir():
        if (folder / "template.yaml").is_file():
            return lint_folder(folder.parent.resolve(), dispatcher.house, only=folder.resolve().name), []
        return lint_folder(folder, dispatcher.house), []
    _ready(dispatcher)
    versions = _in_force(dispatcher)
    if where:
        versions = [version for version in versions if version.name == where]
        if not versions:
            raise NothingToShow(f"{where} is neither a folder nor a template in force")
        return lint_versions(versions, dispatcher.house), []
    return (
        lint_versions(versions, dispatcher.house),
        lint_strategies(dispatcher.desk.strategies, versions, dispatcher.house),
    )


def _in_force(dispatcher: Dispatcher) -> list[TemplateVersion]:
    with dispatcher.database.reading() as connection:
        found = [
            template_versions.in_force(connection, name, dispatcher.now())
            for name in template_versions.names(connection)
        ]
    return [stored.version for stored in found if stored is not None]


def _compiled(dispatcher: Dispatcher, name: str, version: int) -> CompiledTemplate:
    number = version or dispatcher.shelf.in_force(name)
    if not number:
        raise NothingToShow(f"template {name} has no version in force; `dispatcher templates list` names them all")
    compiled = dispatcher.shelf.version(name, number)
    if compiled is None:
        raise NothingToShow("; ".join(dispatcher.shelf.problems()) or f"there is no version {number} of {name}")
    return compiled


def _first_channel(compiled: CompiledTemplate, language: str) -> ChannelKind:
    return next(channel for channel in ChannelKind if compiled.has(channel, language))


def _rehearsed(dispatcher: Dispatcher, name: str, version: int, as_of: date | None) -> Rehearsal:
    read_version(dispatcher.database, name, version)
    new = _compiled(dispatcher, name, version)
    return rehearse_template(
        dispatcher.database,
        dispatcher.desk,
        new,
        dispatcher.shelf.find(name),
        as_of=as_of or dispatcher.now().date(),
        now=dispatcher.now(),
    )


def _show_rehearsal(rehearsal: Rehearsal) -> None:
    by_channel = ", ".join(f"{count} {channel}" for channel, count in sorted(rehearsal.by_channel.items()))
    print(f"rendered {rehearsal.rendered} messages for the current portfolio ({by_channel or 'nobody owes anything'})")
    print(f"would be held: {rehearsal.failed}; too long: {rehearsal.too_long}; differ from the version in force: {rehearsal.changed}")
    if rehearsal.longest_sms:
        print(f"longest SMS: {rehearsal.longest_sms} segments")
    for sentence, (count, names) in sorted(rehearsal.troubles.items(), key=lambda item: -item[1][0]):
        print(f"  {count} x {sentence} ({', '.join(names)})")


def _write(out: Path, shown: Preview) -> None:
    if isinstance(shown.rendered, RenderFailure):
        return
    out.write_bytes(shown.rendered.body)
    print(f"wrote {out} ({len(shown.rendered.body)} bytes), made from {shown.basis}, version {shown.version}")
    if shown.is_stored is False:
        print("this differs from the body that is stored for the message: its balance, text or layout changed since")


def _trouble(shown: Preview) -> bool:
    return isinstance(shown.rendered, RenderFailure) or bool(shown.rendered.findings)


def _show(title: str, shown: Preview) -> None:
    rendered = shown.rendered
    print(f"--- {title or shown.basis}, version {shown.version}")
    if isinstance(rendered, RenderFailure):
        print(f"held ({rendered.rule}): {rendered}")
        return
    if rendered.subject:
        print(f"Subject: {rendered.subject}")
    if rendered.preheader:
        print(f"Preview: {rendered.preheader}")
    print(rendered.text)
    if rendered.channel is ChannelKind.SMS:
        _show_segments(shown, rendered)
    for finding in rendered.findings:
        print(f"held: {finding}")


def _show_segments(shown: Preview, rendered: Rendered) -> None:
    counted = count_segments(rendered.text)
    price = sms_price(shown.inputs.sender, shown.inputs.debtor.country, counted.segments)
    cost = f", {price}" if price else ""
    print(f"[{counted.segments} segments, {counted.encoding}, {counted.units} units{cost}]")
    for each in suggest_replacements(rendered.text):
        print(f"[{each.character} ({each.name}) needs more room; {each.instead!r} would not]")


def _preview_json(shown: Preview) -> dict[str, Any]:
    rendered = shown.rendered
    head: dict[str, Any] = {"message_id": shown.message_id, "version": shown.version, "basis": shown.basis}
    if isinstance(rendered, RenderFailure):
        return {**head, "failure": {"rule": rendered.rule, "reason": rendered.reason, "advice": rendered.advice}}
    return {
        **head,
        "channel": rendered.channel.value,
        "language": rendered.language,
        "subject": rendered.subject,
        "preheader": rendered.preheader,
        "text": rendered.text,
        "segments": rendered.segments,
        "pages": rendered.pages,
        "is_stored": shown.is_stored,
        "findings": [str(finding) for finding in rendered.findings],
    }


def _as_json(name: str, problem: Problem) -> dict[str, Any]:
    return {
        "template": name,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "rule": problem.rule,
        "message": problem.message,
        "suggestion": problem.suggestion,
    }


def _version_row(stored: StoredVersion, in_force: int | None) -> dict[str, Any]:
    version = stored.version
    return {
        "version": version.version,
        "state": version.state.value,
        "in_force": version.version == in_force,
        "source": stored.source,
        "author": version.author,
        "approver": version.approver,
        "comment": version.comment,
        "created_at": version.created_at.isoformat() if version.created_at else "",
        "published_from": version.published_from.isoformat() if version.published_from else "",
        "digest": version.digest,
    }


def _placeholder_rows(placeholder: Placeholder, prefix: str) -> list[dict[str, Any]]:
    row = {
        "name": prefix + placeholder.name,
        "kind": placeholder.kind.value,
        "description": placeholder.description,
        "sample": placeholder.sample,
        "trust": placeholder.trust.value,
        "may_be_empty": placeholder.may_be_empty,
    }
    item = {"debts": "debt", "plans": "plan", "instalments": "instalment"}.get(placeholder.name, "item")
    nested = [
        each
        for field in placeholder.items.values()
        for each in _placeholder_rows(field, f"(for {item} in {row['name']}) {item}.")
    ]
    return [row, *nested] if placeholder.kind is Kind.LIST else [row]


