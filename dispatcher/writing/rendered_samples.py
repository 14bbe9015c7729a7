"""Writes texts for sample debtors. Of letters it prints those alone whose pages may show what their words do not."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from channels.kind import ChannelKind
from dispatcher.writing.checks.finding import Finding
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.language.compiled import CompiledTemplate
from dispatcher.writing.render import Draft, RenderFailure, letter_failure, render, render_words

if TYPE_CHECKING:  # with the PDF engine: only where letters are written
    from dispatcher.writing.letters.paper import Paper

Result = tuple[Finding, ...] | RenderFailure
Sample = tuple[CompiledTemplate, str, RenderInputs]  # a template, and the sample it is tried on by name


def tried_on_samples(wanted: Iterable[Sample]) -> Iterator[tuple[str, Result]]:
    """(the sample's name, what the checks find or why there is no text), in order; a failure in print comes last.

    Setting its pages costs thirty times a letter's words, and all it adds is what stands behind the envelope's
    window: so the fullest letter on each paper is printed, and the one with the longest name.
    """
    letters: list[tuple[str, Draft, RenderInputs]] = []
    for compiled, name, inputs in wanted:
        if inputs.channel is not ChannelKind.LETTER:
            made = render(
                compiled, inputs, message_id="sample", to="ana@debtor.example", to_name=inputs.debtor.name
            )
            yield name, made if isinstance(made, RenderFailure) else made.findings
            continue
        draft = render_words(compiled, inputs)
        if isinstance(draft, RenderFailure):
            yield name, draft
            continue
        failure = letter_failure(draft, inputs, printed=False)
        yield name, failure or draft.report.findings
        if failure is None:
            letters.append((name, draft, inputs))
    for name, draft, inputs in _to_print(letters):
        if failure := letter_failure(draft, inputs, printed=True):
            yield name, failure


def _to_print(letters: list[tuple[str, Draft, RenderInputs]]) -> list[tuple[str, Draft, RenderInputs]]:
    from dispatcher.writing.letters.paper import (
        paper_for,
    )  # with the PDF engine: only where letters are written

    by_paper: dict[Paper, list[tuple[str, Draft, RenderInputs]]] = {}
    for letter in letters:
        inputs = letter[2]
        by_paper.setdefault(paper_for(inputs.sender, inputs.debtor.country), []).append(letter)
    chosen = [max(group, key=lambda letter: len(letter[1].parts["html"])) for group in by_paper.values()]
    chosen += [max(group, key=lambda letter: len(letter[2].debtor.name)) for group in by_paper.values()]
    return list({name: (name, draft, inputs) for name, draft, inputs in chosen}.values())
