"""Checks templates, in a folder or in the store, against everything that could keep a message back."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dispatcher.authoring.template_files import read_template, template_folders
from dispatcher.planning.domain.strategy import Strategy
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.compiled import CompiledTemplate
from dispatcher.writing.language.layouts import Layouts
from dispatcher.writing.language.problems import Problem, TemplateProblems
from dispatcher.writing.trial import check_versions

Found = dict[str, tuple[Problem, ...]]


def lint_folder(folder: Path, house: Layouts, *, only: str = "") -> Found:
    """Template name -> its problems, of all templates in a folder or of one."""
    names = [name for name in template_folders(folder) if only in ("", name)]
    found: Found = {}
    readable = []
    for name in names:
        try:
            readable.append(read_template(folder, name))
        except TemplateProblems as problems:
            found[name] = problems.problems
    return dict(sorted((found | check_versions(readable, house)).items()))


def lint_versions(versions: Sequence[TemplateVersion], house: Layouts) -> Found:
    """The same for stored versions."""
    return check_versions(versions, house)


def lint_stored_strategies(
    strategies: Sequence[Strategy], versions: Sequence[TemplateVersion], house: Layouts
) -> list[str]:
    """Steps that these versions do not serve."""
    compiled: dict[str, CompiledTemplate | None] = {}
    for version in versions:
        try:
            compiled[version.name] = compile_version(version, house)
        except TemplateProblems:
            compiled[version.name] = None  # its own problems are said where it is linted
    return lint_strategies(strategies, compiled)


def lint_strategies(
    strategies: Sequence[Strategy], templates: Mapping[str, CompiledTemplate | None]
) -> list[str]:
    """Steps and follow-ups whose template is missing, serves another kind, or has no text for one of its channels.

    Each names file and line. Of a template that does not compile (None) only that it is there is known.
    """
    return [line for strategy in strategies for line in _of_strategy(strategy, templates)]


def _of_strategy(strategy: Strategy, templates: Mapping[str, CompiledTemplate | None]) -> Iterator[str]:
    for step in (*strategy.written(), *(each.step for each in strategy.follow_ups)):
        where = f"{step.where}: {step.name}" if step.where else f"strategy {strategy.name}, step {step.name}"
        if step.template not in templates:
            yield f"{where}: there is no template {step.template}"
        template = templates.get(step.template)
        if template is None:
            continue
        if step.kind not in template.meta.kinds:
            kinds = ", ".join(sorted(template.meta.kinds))
            yield f"{where}: is a {step.kind} step, template {template.name} serves {kinds}"
        for channel in step.channels:
            if not template.has(channel, "en"):
                yield f"{where}: template {template.name} has no English {channel} text, the last resort"
