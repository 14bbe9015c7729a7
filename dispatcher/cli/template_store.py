"""What the verbs of `dispatcher templates` have in common: the seeded store, a compiled version."""

from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher import resources
from dispatcher.bootstrap import Dispatcher

if TYPE_CHECKING:
    from dispatcher.writing.language.compiled import CompiledTemplate

Name = Annotated[str, typer.Argument(help="The template's name, such as first-reminder.")]


def seed_store(dispatcher: Dispatcher) -> None:
    """Seed an empty store, so that every verb works on a fresh home."""
    from dispatcher.authoring.seed_templates import seed_templates

    seed_templates(
        dispatcher.database, dispatcher.layouts, resources.templates_dir(None), now=dispatcher.now()
    )


def compiled_version(dispatcher: Dispatcher, name: str, version: int) -> "CompiledTemplate":
    """One version (0: the one in force); raises NothingToShow saying why there is none."""
    from dispatcher.authoring.preview_template import NothingToShow

    number = version or dispatcher.templates.in_force(name)
    if not number:
        raise NothingToShow(
            f"template {name} has no version in force; `dispatcher templates list` names them all"
        )
    compiled = dispatcher.templates.version(name, number)
    if compiled is None:
        raise NothingToShow(
            "; ".join(dispatcher.templates.problems()) or f"there is no version {number} of {name}"
        )
    return compiled
