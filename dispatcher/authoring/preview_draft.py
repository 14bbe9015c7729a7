"""Shows a draft as it is written, for sample debtors easy and hard or one from the portfolio; nothing is stored."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from channels.kind import ChannelKind
from dispatcher.authoring.preview_template import PreviewRequest, preview_for_debtor
from dispatcher.database.engine import Database
from dispatcher.writing.checks.finding import Finding
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.language.compile import CompiledTemplate, CompiledText, compile_version
from dispatcher.writing.language.layouts import Layouts
from dispatcher.writing.language.meta import TemplateMeta
from dispatcher.writing.language.problems import Problem, TemplateProblems
from dispatcher.writing.prepare_messages import Preparing
from dispatcher.writing.render import Rendered, RenderFailure, render
from dispatcher.writing.samples import samples
from dispatcher.writing.trial import problem_of

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


def preview_draft(
    database: Database, house: Layouts, press: Preparing, request: DraftRequest, *, now: datetime
) -> DraftPreview:
    """Compile and render one text; raises NothingToShow or AmbiguousDebtorError for a debtor who gets none."""
    try:
        compiled = compile_version(request.version, house)
    except TemplateProblems as found:
        marks = tuple(_of_problem(problem) for problem in found.problems)
        return DraftPreview(rendered=None, basis="", marks=marks)
    text = next((text for text in compiled.texts.values() if text.file == request.file), None)
    if text is None:
        return DraftPreview(rendered=None, basis="", marks=())
    if request.debtor:
        wanted = PreviewRequest(debtor=request.debtor, as_of=_day(now), now=now, channel=text.channel)
        shown = preview_for_debtor(database, press, compiled, wanted)
        return _shown(compiled, request, shown.rendered, shown.basis)
    name, inputs = _sample(compiled.meta, text, request.who)
    rendered = render(
        compiled, inputs, message_id="sample", to=inputs.debtor.email, to_name=inputs.debtor.name
    )
    return _shown(compiled, request, rendered, name)


def sample_names(meta: TemplateMeta, channel: ChannelKind, language: str) -> list[str]:
    """Whom one may preview for."""
    return list(dict.fromkeys(name for name, _ in _all_samples(meta, channel, language)))


def _day(now: datetime) -> date:
    return now.date()


def _sample(meta: TemplateMeta, text: CompiledText, who: str) -> tuple[str, RenderInputs]:
    found = list(_all_samples(meta, text.channel, text.language))
    return next(((name, inputs) for name, inputs in found if name == who), found[0])


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
    compiled: CompiledTemplate, request: DraftRequest, rendered: Rendered | RenderFailure, basis: str
) -> DraftPreview:
    source = request.version.files.get(request.file, "")
    if isinstance(rendered, RenderFailure):
        mark = Mark(rule=rendered.rule, message=rendered.reason, advice=rendered.advice, file=request.file)
        return DraftPreview(rendered=None, basis=basis, marks=(mark,))
    marks = tuple(_of_finding(finding, source, request.file, basis) for finding in rendered.findings)
    return DraftPreview(rendered=rendered, basis=basis, marks=marks, max_segments=compiled.meta.sms_segments)


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
