"""A template version becomes compiled texts: Markdown and layouts joined once, so that per message only Jinja runs."""

import re
from collections.abc import Iterator

from channels.kind import ChannelKind
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.language.compile_text import compiled_text
from dispatcher.writing.language.compiled import FILES, MOST_KEPT, CompiledTemplate, CompiledText
from dispatcher.writing.language.layouts import Layouts
from dispatcher.writing.language.meta import FILE as META_FILE
from dispatcher.writing.language.meta import TemplateMeta, read_meta
from dispatcher.writing.language.problems import Problem, TemplateProblems
from dispatcher.writing.language.sandbox import MAX_SOURCE

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")


def compile_version(version: TemplateVersion, house: Layouts) -> CompiledTemplate:
    """Compile all texts of a version; raises TemplateProblems with every fault found."""
    cached = _CACHE.get((version.name, version.version, version.digest, house.digest))
    if cached is None:
        cached = _compile(version, house)
        if len(_CACHE) >= MOST_KEPT:
            _CACHE.pop(next(iter(_CACHE)))
        _CACHE[version.name, version.version, version.digest, house.digest] = cached
    return cached


_CACHE: dict[tuple[str, int, str, str], CompiledTemplate] = {}


def _compile(version: TemplateVersion, house: Layouts) -> CompiledTemplate:
    problems: list[Problem] = list(_file_problems(version))
    meta: TemplateMeta | None = None
    try:
        meta = read_meta(version.files.get(META_FILE, ""))
    except TemplateProblems as found:
        problems.extend(found.problems)
    texts: dict[tuple[str, ChannelKind], CompiledText] = {}
    for path in sorted(version.files):
        language, _, name = path.partition("/")
        if name in FILES and _LANGUAGE.fullmatch(language) and len(version.files[path]) <= MAX_SOURCE:
            try:
                text = compiled_text(path, version.files[path], language, house)
                texts[language, text.channel] = text
            except TemplateProblems as found:
                problems.extend(found.problems)
    if problems or meta is None:
        raise TemplateProblems(problems)
    return CompiledTemplate(
        name=version.name,
        version=version.version,
        digest=version.digest + house.digest,
        files_sha256=version.digest,
        meta=meta,
        texts=texts,
    )


def _file_problems(version: TemplateVersion) -> Iterator[Problem]:
    if META_FILE not in version.files:
        yield Problem(
            file=META_FILE,
            message="is missing",
            suggestion="it says what the template is for and who owns it",
        )
    if not any(path.partition("/")[2] in FILES for path in version.files):
        yield Problem(
            file=version.name, message="has no text", suggestion="add en/email.md, en/sms.txt or en/letter.md"
        )
    for path, source in version.files.items():
        language, _, name = path.partition("/")
        if path != META_FILE and (name not in FILES or not _LANGUAGE.fullmatch(language)):
            yield Problem(
                file=path,
                message="is not a file of a template",
                suggestion="LANGUAGE/email.md, sms.txt or letter.md",
            )
        if len(source) > MAX_SOURCE:
            yield Problem(file=path, message=f"has {len(source)} characters, {MAX_SOURCE} are allowed")
