"""Reads every branch of a text: its words whatever the data, and whether a sample debtor takes it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dispatcher.writing.checks.checks import check_words
from dispatcher.writing.checks.finding import Finding
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.formats import locale_for
from dispatcher.writing.language.branches import (
    AuthorText,
    Branch,
    RenderError,
    Steered,
    Step,
    author_text,
    branches_of,
    steered,
    ways_in,
    words_in,
)
from dispatcher.writing.language.compiled import CompiledText
from dispatcher.writing.language.meta import TemplateMeta
from dispatcher.writing.language.placeholders import View
from dispatcher.writing.language.problems import MissingValue
from dispatcher.writing.language.syntax import LOCALE
from dispatcher.writing.language.values import for_medium, plain_text, strings
from dispatcher.writing.made_samples import complete, made_samples
from dispatcher.writing.samples import samples


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadBranch:
    """One branch, what the checks say of its words, and the sample that takes it (empty: none does)."""

    branch: Branch
    findings: tuple[Finding, ...]
    sample: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """All branches of one text."""

    file: str
    branches: tuple[ReadBranch, ...]

    @property
    def taken(self) -> int:
        """How many branches some sample debtor takes."""
        return sum(bool(each.sample) for each in self.branches)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the words of any branch, each once."""
        found = {(f.rule, f.phrase): f for each in self.branches for f in each.findings}
        return tuple(found.values())


def coverage_of(text: CompiledText, meta: TemplateMeta) -> Coverage:
    """Read every branch of a text."""
    author = author_text(text.file, text.source)
    branches = list(branches_of(author))
    if not branches:
        return Coverage(file=text.file, branches=())
    debtors = dict(_debtors(text, author, meta))
    parts = {part: steered(author, part) for part in dict.fromkeys(branch.part for branch in branches)}
    takers = _takers(text, parts, debtors.items())
    missing = {(b.part, b.path[-1]) for b in branches} - takers.keys()
    if missing:
        takers |= _takers(text, parts, _twice_made(author, debtors), missing)
    ordinary = complete(next(iter(debtors.values())))
    read = tuple(
        ReadBranch(
            branch=branch,
            findings=_findings(text, parts[branch.part], branch, ordinary),
            sample=takers.get((branch.part, branch.path[-1]), ""),
        )
        for branch in branches
    )
    return Coverage(file=text.file, branches=read)


def debtor_called(text: CompiledText, meta: TemplateMeta, name: str) -> RenderInputs | None:
    """The debtor of that name by whom a branch is met; None where the text's conditions make none of it any more."""
    author = author_text(text.file, text.source)
    debtors = dict(_debtors(text, author, meta))
    if name in debtors:
        return debtors[name]
    return next((inputs for other, inputs in _twice_made(author, debtors) if other == name), None)


def _debtors(
    text: CompiledText, author: AuthorText, meta: TemplateMeta
) -> Iterator[tuple[str, RenderInputs]]:
    """The samples, then those made from the conditions, of the first kind and with every value."""
    ordinary: RenderInputs | None = None
    for name, inputs in samples(meta, text.channel, text.language):
        ordinary = ordinary or inputs
        yield name, inputs
    if ordinary is not None:
        yield from made_samples(author, ordinary)
        yield from made_samples(author, complete(ordinary))


def _twice_made(
    author: AuthorText, debtors: Mapping[str, RenderInputs]
) -> Iterator[tuple[str, RenderInputs]]:
    """Debtors made from two conditions at once, for branches within branches."""
    for name, inputs in debtors.items():
        for other, twice in made_samples(author, inputs):
            yield f"{name}, {other.removeprefix('a debtor ')}", twice


def _takers(
    text: CompiledText,
    parts: Mapping[str, Steered],
    debtors: Iterable[tuple[str, RenderInputs]],
    wanted: set[tuple[str, Step]] | None = None,
) -> dict[tuple[str, Step], str]:
    """(part, way) -> the first sample that goes there; no more is tried once all `wanted` are found."""
    takers: dict[tuple[str, Step], str] = {}
    for name, inputs in debtors:
        for part, made in parts.items():
            for way in ways_in(_output(text, made, None, inputs) or ""):
                takers.setdefault((part, way), name)
        if wanted is not None and wanted <= takers.keys():
            break
    return takers


def _findings(text: CompiledText, part: Steered, branch: Branch, inputs: RenderInputs) -> tuple[Finding, ...]:
    output = _output(text, part, branch, inputs)
    if output is None:
        return ()
    return check_words({branch.part: words_in(output)}, text=text, inputs=inputs)


def _output(text: CompiledText, steered: Steered, branch: Branch | None, inputs: RenderInputs) -> str | None:
    """The part's words for a debtor; None where a value is missing, which the full trial says."""
    part, locale = steered.part, locale_for(text.language, inputs.debtor.country)
    values = strings(part.uses, View(inputs, text.wording, locale), locale)
    variables = for_medium(part.uses, values, plain_text)
    try:
        return part.render({**variables, LOCALE: locale, **steered.ways(branch)})
    except (MissingValue, RenderError, LookupError, TypeError, ArithmeticError):
        return None
