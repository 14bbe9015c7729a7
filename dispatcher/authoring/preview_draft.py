"""Shows a draft as it is written, for sample debtors easy and hard or one from the portfolio; nothing is stored."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from channels.kind import ChannelKind
from dispatcher.authoring.preview_template import PreviewRequest, preview_for_debtor
from dispatcher.database.engine import Database
from dispatcher.writing.checks.finding import Finding
from dispatcher.writing.coverage import Coverage, coverage_of, debtor_called
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.compiled import CompiledTemplate, CompiledText
from dispatcher.writing.language.layouts import Layouts
from dispatcher.writing.language.meta import FILE as META_FILE
from dispatcher.writing.language.meta import TemplateMeta
from dispatcher.writing.language.problems import Problem, TemplateProblems
from dispatcher.writing.prepare_messages import Preparing
from dispatcher.writing.render import Rendered, RenderFailure, render
from dispatcher.writing.samples import samples
from dispatcher.writing.trial import problem_of

MOST_FAULTS = 8  # faulty lines that are looked past for a preview
ORDINARY = "an ordinary debtor"
_RIGHT_TO_LEFT = "مريم بنت عبد الرحمن الأنصاري"


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftRequest:
    """Which text of which draft, and for whom: the name of a sample, or a debtor of the portfolio."""

    version: TemplateVersion
    file: str
    who: str = ORDINARY
    debtor: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Something to see to, at its place in the source (line 0: not at one place); `fact` names the gate's trait."""

    rule: str
    message: str
    advice: str
    file: str
    line: int = 0
    column: int = 0
    phrase: str = ""
    fact: str = ""
    stops: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftPreview:
    """What the debtor would get; `rendered` None where the text cannot be rendered at all."""

    rendered: Rendered | None
    basis: str
    marks: tuple[Mark, ...]
    max_segments: int = 0
    coverage: Coverage | None = None


def preview_draft(
    database: Database, house: Layouts, press: Preparing, request: DraftRequest, *, now: datetime
) -> DraftPreview:
    """Compile and render one text; raises NothingToShow or UnknownDebtorError for a debtor who gets none."""
    compiled, problems = _compiled(request, house)
    faults = tuple(_of_problem(problem) for problem in problems)
    if compiled is None:
        return DraftPreview(rendered=None, basis="", marks=faults)
    shown = _preview(database, compiled, press, request, now)
    return replace(shown, marks=(*faults, *shown.marks))


def _compiled(request: DraftRequest, house: Layouts) -> tuple[CompiledTemplate | None, tuple[Problem, ...]]:
    """The version, without the lines that cannot be read, and what is wrong with those: one fault blanks no preview."""
    version, problems = request.version, dict[tuple[str, int, str], Problem]()
    for _ in range(MOST_FAULTS):
        try:
            return compile_version(version, house), tuple(problems.values())
        except TemplateProblems as found:
            fresh = [p for p in found.problems if (p.file, p.line, p.message) not in problems]
            problems |= {(p.file, p.line, p.message): p for p in fresh}
            if not fresh:
                break
            version = _without_faults(version, fresh, keep=request.file)
    return None, tuple(problems.values())


def _without_faults(version: TemplateVersion, problems: list[Problem], *, keep: str) -> TemplateVersion:
    """The version with the faulty lines of its texts emptied; another text that is wrong is left out."""
    files = dict(version.files)
    for problem in problems:
        if problem.file not in files or problem.file == META_FILE:
            continue
        if problem.file != keep:
            del files[problem.file]
        elif problem.line:
            lines = files[keep].split("\n")
            files[keep] = "\n".join("" if n == problem.line else row for n, row in enumerate(lines, start=1))
    return replace(version, files=files)


def _preview(
    database: Database, compiled: CompiledTemplate, press: Preparing, request: DraftRequest, now: datetime
) -> DraftPreview:
    text = next((text for text in compiled.texts.values() if text.file == request.file), None)
    if text is None:
        return DraftPreview(rendered=None, basis="", marks=())
    if request.debtor:
        wanted = PreviewRequest(debtor=request.debtor, as_of=_day(now), now=now, channel=text.channel)
        shown = preview_for_debtor(database, press, compiled, wanted)
        return _shown(compiled, text, request, shown.rendered, shown.basis)
    name, inputs = _sample(compiled.meta, text, request.who)
    rendered = render(
        compiled, inputs, message_id="sample", to=inputs.debtor.email, to_name=inputs.debtor.name
    )
    return _shown(compiled, text, request, rendered, name)


def sample_names(meta: TemplateMeta, channel: ChannelKind, language: str) -> list[str]:
    """Whom one may preview for."""
    return list(dict.fromkeys(name for name, _ in _all_samples(meta, channel, language)))


def _day(now: datetime) -> date:
    return now.date()


def _sample(meta: TemplateMeta, text: CompiledText, who: str) -> tuple[str, RenderInputs]:
    """Whom the text is shown for: a sample, a debtor made from its conditions, else the first sample."""
    found = list(_all_samples(meta, text.channel, text.language))
    known = next((inputs for name, inputs in found if name == who), None) or debtor_called(text, meta, who)
    return (who, known) if known is not None else found[0]


def _all_samples(
    meta: TemplateMeta, channel: ChannelKind, language: str
) -> Iterator[tuple[str, RenderInputs]]:
    ordinary: RenderInputs | None = None
    for name, inputs in samples(meta, channel, language):
        yield name, inputs
        if ordinary is None:
            ordinary = inputs
    if ordinary is not None:
        debtor = replace(ordinary.debtor, name=_RIGHT_TO_LEFT)
        yield "a name from right to left", replace(ordinary, debtor=debtor)
        yield "nobody's telephone number", replace(ordinary, debtor=replace(ordinary.debtor, phone=""))


def _shown(
    compiled: CompiledTemplate,
    text: CompiledText,
    request: DraftRequest,
    rendered: Rendered | RenderFailure,
    basis: str,
) -> DraftPreview:
    source = request.version.files.get(request.file, "")
    coverage = coverage_of(text, compiled.meta)
    if isinstance(rendered, RenderFailure):
        marks = [Mark(rule=rendered.rule, message=rendered.reason, advice=rendered.advice, file=request.file)]
    else:
        marks = [_of_finding(finding, source, request.file, basis) for finding in rendered.findings]
    marks += [_of_finding(finding, source, request.file, "a branch") for finding in coverage.findings]
    once = {
        (mark.rule, mark.line, mark.column if mark.line else mark.phrase): mark for mark in reversed(marks)
    }
    return DraftPreview(
        rendered=None if isinstance(rendered, RenderFailure) else rendered,
        basis=basis,
        marks=tuple(reversed(once.values())),
        max_segments=compiled.meta.sms_segments,
        coverage=coverage,
    )


def _of_problem(problem: Problem) -> Mark:
    return Mark(
        rule=problem.rule,
        message=problem.message,
        advice=problem.suggestion,
        file=problem.file,
        line=problem.line,
        column=problem.column,
    )


def _of_finding(finding: Finding, source: str, file: str, basis: str) -> Mark:
    place = problem_of(finding, source, file, basis)
    return Mark(
        rule=finding.rule,
        message=place.message,
        advice=finding.advice,
        file=file,
        line=place.line,
        column=place.column,
        phrase=finding.phrase,
        fact=finding.fact,
    )
