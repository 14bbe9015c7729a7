"""The review verbs of `dispatcher templates`: save, submit, approve, send back, rehearse, publish, retire."""

from dataclasses import asdict
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, AsOf, Now, opened, parse_day, print_json
from dispatcher.cli.reviewer import TokenFile, author, reviewer
from dispatcher.cli.template_store import Name, compiled_version, seed_store
from dispatcher.cli.template_views import show_rehearsal
from dispatcher.users.domain.user import Role

if TYPE_CHECKING:
    from dispatcher.authoring.rehearse_template import Rehearsal


app = typer.Typer()

FINDING = 1
Number = Annotated[int, typer.Argument(help="The version's number; `templates history NAME` lists them.")]


@app.command()
def save(
    name: Name,
    folder: Annotated[
        Path,
        typer.Argument(
            exists=True, file_okay=False, help="A folder with template.yaml and a folder for each language."
        ),
    ],
    comment: Annotated[str, typer.Option(metavar="TEXT", help="What changed, for the reviewer.")] = "",
    token_file: TokenFile = None,
) -> None:
    """Save a folder as a new draft; exit 1 when it has problems, which keep it from being submitted.

    Example: dispatcher templates save first-reminder drafts/first-reminder --comment "Shorter"
    """
    from dispatcher.authoring.edit_template import Edit, save_draft
    from dispatcher.authoring.template_files import read_template

    files = read_template(folder.parent, folder.name).files
    with opened() as dispatcher:
        seed_store(dispatcher)
        edit = Edit(name=name, files=files, author=author(dispatcher, token_file), comment=comment)
        saved = save_draft(dispatcher.database, dispatcher.layouts, edit, now=dispatcher.now())
    for problem in saved.problems:
        print(f"{name}/{problem}")
    print(f"saved as version {saved.version}, a draft with {len(saved.problems)} problems")
    if saved.problems:
        raise typer.Exit(FINDING)


@app.command()
def submit(name: Name, version: Number, token_file: TokenFile = None) -> None:
    """Hand a draft in for approval.

    Example: dispatcher templates submit first-reminder 2
    """
    from dispatcher.authoring.review_template import submit_template

    with opened() as dispatcher:
        submit_template(
            dispatcher.database,
            dispatcher.layouts,
            name,
            version,
            actor=reviewer(dispatcher, token_file, Role.MANAGER),
            now=dispatcher.now(),
        )
    print(f"submitted version {version} of {name}; another person can approve it")


@app.command()
def approve(name: Name, version: Number, token_file: TokenFile = None) -> None:
    """Approve a submitted version that somebody else wrote.

    Example: dispatcher templates approve first-reminder 2
    """
    from dispatcher.authoring.review_template import approve_template

    with opened() as dispatcher:
        approve_template(
            dispatcher.database, name, version, actor=reviewer(dispatcher, token_file), now=dispatcher.now()
        )
    print(
        f"approved version {version} of {name}; `dispatcher templates publish {name} {version}` puts it in force"
    )


@app.command("send-back")
def send_back(
    name: Name,
    version: Number,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What is to change.")],
    token_file: TokenFile = None,
) -> None:
    """Make a submitted or approved version a draft again.

    Example: dispatcher templates send-back first-reminder 2 --why "The date is missing"
    """
    from dispatcher.authoring.review_template import send_back_template

    with opened() as dispatcher:
        send_back_template(
            dispatcher.database,
            name,
            version,
            actor=reviewer(dispatcher, token_file),
            why=why,
            now=dispatcher.now(),
        )
    print(f"version {version} of {name} is a draft again")


@app.command()
def withdraw(
    name: Name,
    version: Number,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why it is not wanted any more.")],
    token_file: TokenFile = None,
) -> None:
    """Take a draft back, or a version that waits for its review; its text stays in the history.

    Example: dispatcher templates withdraw first-reminder 3 --why "Replaced by version 4"
    """
    from dispatcher.authoring.review_template import withdraw_template

    with opened() as dispatcher:
        withdraw_template(
            dispatcher.database,
            name,
            version,
            actor=reviewer(dispatcher, token_file, Role.MANAGER),
            why=why,
            now=dispatcher.now(),
        )
    print(f"version {version} of {name} is taken back")


@app.command()
def publish(
    name: Name,
    version: Number,
    since: Annotated[
        date | None,
        typer.Option(
            "--from", parser=parse_day, metavar="DATE", help="From this day (UTC); now if not given."
        ),
    ] = None,
    accept_failures: Annotated[
        bool, typer.Option("--accept-failures", help="Publish although some debtors' messages would be held.")
    ] = False,
    token_file: TokenFile = None,
    as_of: AsOf = None,
    now: Now = None,
) -> None:
    """Put an approved version in force, after rendering it for the whole current portfolio.

    Example: dispatcher templates publish first-reminder 2 --from 2026-12-01
    """
    from dispatcher.authoring.publish_template import publish_template

    with opened(now) as dispatcher:
        by = reviewer(dispatcher, token_file)
        seed_store(dispatcher)
        rehearsal = _rehearsed(dispatcher, name, version, as_of)
        show_rehearsal(rehearsal)
        if not rehearsal.is_clean and not accept_failures:
            print("not published: mend the template, or say --accept-failures")
            raise typer.Exit(FINDING)
        instant = datetime.combine(since, time(), UTC) if since else None
        published = publish_template(
            dispatcher.database, dispatcher.layouts, name, version,
            actor=by, now=dispatcher.now(), since=instant, accept_vanished=accept_failures,
        )  # fmt: skip
    print(f"version {version} of {name} holds from {published.version.published_from:%Y-%m-%d %H:%M} UTC")


@app.command()
def rehearse(
    name: Name, version: Number, as_of: AsOf = None, now: Now = None, as_json: AsJson = False
) -> None:
    """Render a version for the whole current portfolio; exit 1 when a message would be held.

    Example: dispatcher templates rehearse first-reminder 2
    """
    with opened(now) as dispatcher:
        seed_store(dispatcher)
        rehearsal = _rehearsed(dispatcher, name, version, as_of)
    if as_json:
        print_json(asdict(rehearsal))
    else:
        show_rehearsal(rehearsal)
    if not rehearsal.is_clean:
        raise typer.Exit(FINDING)


@app.command()
def retire(
    name: Name,
    version: Number,
    why: Annotated[
        str, typer.Option("--why", metavar="TEXT", help="What is wrong with it, or what comes instead.")
    ],
    token_file: TokenFile = None,
) -> None:
    """Take a published version out of force; the one published before it holds again.

    Example: dispatcher templates retire first-reminder 2 --why "The date is wrong"
    """
    from dispatcher.authoring.publish_template import retire_template

    with opened() as dispatcher:
        retire_template(
            dispatcher.database,
            name,
            version,
            actor=reviewer(dispatcher, token_file),
            why=why,
            now=dispatcher.now(),
        )
        dispatcher.templates.forget()
        in_force = dispatcher.templates.in_force(name)
    print(
        f"retired version {version} of {name}; {f'version {in_force} is' if in_force else 'nothing is'} in force now"
    )


def _rehearsed(dispatcher: Dispatcher, name: str, version: int, as_of: date | None) -> "Rehearsal":
    from dispatcher.authoring.rehearse_template import rehearse_template
    from dispatcher.authoring.review_template import read_version

    read_version(dispatcher.database, name, version)
    new = compiled_version(dispatcher, name, version)
    return rehearse_template(
        dispatcher.database,
        dispatcher.policy,
        new,
        dispatcher.templates.find(name),
        as_of=as_of or dispatcher.now().date(),
        now=dispatcher.now(),
    )
