"""The command `dispatcher`: mounts the verb that was asked for and turns every error into a sentence."""

import gc
import os
import sys
from importlib import import_module
from typing import NoReturn

import typer

# name -> (module:attribute, one line for --help). Only the verb asked for is imported: --help stays quick.
COMMANDS = {
    "demo": ("dispatcher.cli.demo:demo", "A whole daily run on a sample portfolio, explained."),
    "db": ("dispatcher.cli.db:app", "Create or upgrade the database, say where it stands."),
    "check": ("dispatcher.cli.check:check", "Check settings, data files and connections."),
    "config": ("dispatcher.cli.config:app", "The configuration in files and on the pages, both ways."),
    "practice": ("dispatcher.cli.practice:app", "A desk to practise at, with invented people who answer."),
    "portfolio": ("dispatcher.cli.portfolio:app", "Import a portfolio, see its totals, make a sample."),
    "inbox": (
        "dispatcher.cli.inbox:app",
        "What people wrote, what it seems to mean, and what you make of it.",
    ),
    "record": ("dispatcher.cli.record:app", "Write down what a person said or did."),
    "links": (
        "dispatcher.cli.links:app",
        "Records of several creditors that may be one person: list, confirm, refuse.",
    ),
    "offers": ("dispatcher.cli.offers:offers", "What one person may be offered today."),
    "arrangements": ("dispatcher.cli.arrangements:app", "What was agreed: list, show, cancel, replace."),
    "score": ("dispatcher.cli.score:app", "How a score came about; learn a scorecard from closed debts."),
    "segments": ("dispatcher.cli.segments:segments", "Which kind of case every open debt is."),
    "duties": ("dispatcher.cli.duties:app", "What a law wants done by when; done, with evidence."),
    "calls": ("dispatcher.cli.calls:app", "Who should be called; a dialler's files; what calls came to."),
    "outcomes": (
        "dispatcher.cli.outcomes:outcomes",
        "What each step, text, channel, segment or arm brought in.",
    ),
    "handover": (
        "dispatcher.cli.handover:app",
        "What counsel should get: list, decide, refuse, withdraw, export.",
    ),
    "incidents": (
        "dispatcher.cli.incidents:app",
        "When something went out wrong: stop, list, correct, report.",
    ),
    "import-contacts": ("dispatcher.cli.import_contacts:import_contacts", "Import contacts made elsewhere."),
    "plan": ("dispatcher.cli.run:plan", "Plan a day; release nothing."),
    "redate": ("dispatcher.cli.redate:redate", "Date a run back that was dated too late."),
    "run": ("dispatcher.cli.run:run", "The daily job: plan, release, deliver, sum up."),
    "dispatch": ("dispatcher.cli.run:dispatch", "Release and deliver what is due now."),
    "explain": (
        "dispatcher.cli.explain:explain",
        "Why, or why not, each debt, step and channel of a debtor.",
    ),
    "forecast": ("dispatcher.cli.forecast:forecast", "What would go out in the next days; nothing is sent."),
    "compare-strategies": (
        "dispatcher.cli.compare_strategies:compare_strategies",
        "Who would get something else under another strategy; nothing is stored.",
    ),
    "decide": ("dispatcher.cli.decide:decide", "Contact facts in, decisions out, as JSON lines."),
    "replay": ("dispatcher.cli.replay:replay", "A past portfolio day by day under a simulated clock."),
    "rules": ("dispatcher.cli.rules:app", "List, show and test the rule packs."),
    "templates": ("dispatcher.cli.templates:app", "Write, preview, review and publish templates."),
    "waiting": ("dispatcher.cli.second_person:waiting", "What waits for a second person, and how long."),
    "messages": ("dispatcher.cli.messages:app", "List messages; show, hold, release or end one."),
    "reconcile": (
        "dispatcher.cli.delivery:reconcile",
        "Find out what became of messages with an unknown end.",
    ),
    "stop": ("dispatcher.cli.delivery:stop", "Stop sending, in whole or in part: the kill switch."),
    "resume": ("dispatcher.cli.delivery:resume", "End a stop."),
    "queue": ("dispatcher.cli.delivery:queue", "See and revive dead queue messages."),
    "log": ("dispatcher.cli.log:app", "Search, show, seal, verify and export the delivery log."),
    "retention": ("dispatcher.cli.log:retention", "What may be forgotten by now; forget it."),
    "erase": ("dispatcher.cli.log:erase", "Erase a person's values; the log stays whole."),
    "subject-access": (
        "dispatcher.cli.log:subject_access",
        "Everything we hold about one person, for that person.",
    ),
    "adopt": (
        "dispatcher.cli.adopt:adopt",
        "Let a restored database, or a further machine, send.",
    ),
    "backup": ("dispatcher.cli.log:backup", "Copy the database while it is in use."),
    "drill": ("dispatcher.cli.drill:drill", "Practise a restore of the newest backup."),
    "worker": ("dispatcher.cli.scheduler:worker", "Deliver from the Redis queue."),
    "scheduler": ("dispatcher.cli.scheduler:scheduler", "Fire the schedules."),
    "serve": ("dispatcher.cli.serve:serve", "The pages, the API and the webhooks."),
    "up": ("dispatcher.cli.scheduler:up", "Everything in one process, for a small desk."),
    "users": ("dispatcher.cli.users:app", "Add, list, disable users; set their roles."),
    "service-accounts": (
        "dispatcher.cli.service_accounts:app",
        "Which programs may use the API, and for what.",
    ),
    "webhooks": ("dispatcher.cli.webhooks:app", "Where events are sent to: add, list, end, send again."),
}


def main() -> None:
    """Run the command line. Whatever it or a process of it writes is for its own user alone."""
    os.umask(0o077)
    # Importing makes many values that stay: looking for garbage among them, and for plugins of pydantic in everything
    # that is installed, is a twelfth of a command's start.
    gc.set_threshold(50_000, 20, 100)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        _app(next((word for word in sys.argv[1:] if not word.startswith("-")), None))()
    except Exception as error:  # noqa: BLE001 the last stop: a person reads this, not a traceback
        _fail(error)


def _app(wanted: str | None) -> typer.Typer:
    app = typer.Typer(
        name="dispatcher",
        help="Plans, checks, sends and documents payment reminders. Nothing leaves until a provider is set.",
        epilog="Example: dispatcher run --as-of 2026-11-16",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_version_option)
    for name, (place, sentence) in COMMANDS.items():
        if name == wanted:
            _mount(app, name, place, sentence)
        else:
            app.command(name, help=sentence)(_elsewhere)
    return app


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed

        print(f"debt-dispatcher {installed('debt-dispatcher')}")
        raise typer.Exit


def _version_option(
    version: bool = typer.Option(
        False, "--version", help="Say the version and stop.", callback=_say_version, is_eager=True
    ),
) -> None:
    """Stand before every verb."""


def _mount(app: typer.Typer, name: str, place: str, sentence: str) -> None:
    module, attribute = place.split(":")
    verb = getattr(import_module(module), attribute)
    if isinstance(verb, typer.Typer):
        app.add_typer(verb, name=name, help=sentence, epilog=_example(verb), no_args_is_help=True)
    else:
        app.command(name)(verb)


def _example(group: typer.Typer) -> str:
    """The example of the group's first verb."""
    verbs = group.registered_commands
    if not verbs:
        return _example(next(one.typer_instance for one in group.registered_groups if one.typer_instance))
    return "Example: " + (verbs[0].callback.__doc__ or "").partition("Example: ")[2].strip()


def _elsewhere() -> None:
    """Stand in for a verb that was not asked for."""


def _fail(error: Exception) -> NoReturn:
    from dispatcher.cli.failures import explain_failure

    code, sentence = explain_failure(error)
    print(f"dispatcher: {sentence}", file=sys.stderr)
    sys.exit(code)
