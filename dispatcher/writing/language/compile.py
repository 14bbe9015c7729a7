"""A template version becomes compiled texts: Markdown and layouts joined once, so that per message only Jinja runs."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import NamedTuple

from jinja2 import Template
from markupsafe import escape

from channels.kind import ChannelKind
from dispatcher.writing.domain.letter_words import LetterWords
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.domain.wording import Disclosure, Wording
from dispatcher.writing.language import front_matter, markdown
from dispatcher.writing.language.layouts import TABLES, Layouts
from dispatcher.writing.language.meta import FILE as META_FILE
from dispatcher.writing.language.meta import TemplateMeta, read_meta
from dispatcher.writing.language.placeholders import BRAND, LAW_PREFIX, PLACEHOLDERS, Kind, Placeholder, View
from dispatcher.writing.language.problems import Problem, TemplateProblems
from dispatcher.writing.language.sandbox import MAX_SOURCE, environment
from dispatcher.writing.language.syntax import analyse
from dispatcher.writing.language.values import Use, Variables
from dispatcher.writing.untrusted import invisible

FILES: Mapping[str, tuple[ChannelKind, tuple[str, ...]]] = {
    "email.md": (ChannelKind.EMAIL, ("subject", "preheader")),
    "sms.txt": (ChannelKind.SMS, ()),
    "letter.md": (ChannelKind.LETTER, ("title",)),
}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_INCLUSION = re.compile(r"\{\{\s*(identity|say\.\w+|law\.\w+|tables\.\w+|message\.\w+)\s*\}\}")
_OWN = re.compile(
    r"\{\{\s*(body|message\.\w+)\s*\}\}"
)  # what a layout takes from the one text that it carries
_STRIPS = re.compile(r"\A\s*\{[{%#]-|(?:-[}%]\}|#\})\s*\Z")  # white space of its neighbours too
_JINJA_TAG = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_TO_PAY = '<a href="{{ links.pay }}"'  # the one action: the first of these is the button
FALLBACK = "en"


class CheckedSource:
    """A source whose every tag was checked. It becomes a template when it is first rendered: most never are."""

    __slots__ = ("_known", "_source", "_template", "html")

    def __init__(self, source: str, known: Mapping[str, Placeholder], *, html: bool) -> None:
        self._source, self._known, self.html = source, known, html
        self._template: Template | None = None

    def render(self, variables: Variables) -> str:
        """The text; raises what Jinja raises, and MissingValue."""
        if self._template is None:
            env = environment(html=self.html)
            # Turned once more, not kept: the trees of all texts would take more memory than the texts of a day.
            turned = analyse(self._source, env=env, known=self._known, file="")
            if turned.tree is None:
                raise TemplateProblems(turned.problems)
            self._template = env.from_string(turned.tree)
        return self._template.render(variables)


class Part(NamedTuple):
    """One compiled text: words and templates one after the other, and the values they need."""

    pieces: tuple[str | CheckedSource | Template, ...]
    uses: tuple[Use, ...]
    html: bool

    def render(self, variables: Variables) -> str:
        """The text; raises what Jinja raises, and MissingValue."""
        return "".join(piece if isinstance(piece, str) else piece.render(variables) for piece in self.pieces)


CompiledDisclosure = tuple[Disclosure, Part | None, Part | None]  # first and later, as plain text


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledText:
    """One language and channel of a template. `parts`: html, text, subject, preheader, title as the channel has."""

    language: str
    channel: ChannelKind
    file: str
    wording: Wording
    parts: Mapping[str, Part]
    uses: tuple[Use, ...]  # of all parts together
    disclosures: tuple[CompiledDisclosure, ...]
    shows_plans: bool = False
    source: str = ""  # as its author wrote it
    letter_words: LetterWords | None = None  # what the page around a letter says; None for other channels too


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledTemplate:
    """A version that can be rendered. `digest` covers its files and the house style, `files_sha256` the files alone."""

    name: str
    version: int
    digest: str
    files_sha256: str
    meta: TemplateMeta
    texts: Mapping[tuple[str, ChannelKind], CompiledText]

    def has(self, channel: ChannelKind, language: str, default: str = FALLBACK) -> bool:
        """Whether there is a text for the channel in the language or one it falls back to."""
        return self.text(channel, language, default) is not None

    def text(self, channel: ChannelKind, language: str, default: str = FALLBACK) -> CompiledText | None:
        """The text for a channel in the nearest language: `es-MX`, `es`, the sender's own, English."""
        for candidate in language_chain(language, default):
            found = self.texts.get((candidate, channel))
            if found is not None:
                return found
        return None

    def text_for(self, inputs: RenderInputs) -> CompiledText | None:
        """The text that a message of these inputs is made from."""
        return self.text(inputs.channel, inputs.debtor.language, inputs.sender.language)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it has any text in, sorted."""
        return tuple(sorted({language for language, _ in self.texts}))


@lru_cache(maxsize=1024)
def language_chain(language: str, default: str = FALLBACK) -> tuple[str, ...]:
    """Language tags from the nearest to the last resort."""
    chain: list[str] = []
    for tag in (language, default, FALLBACK):
        primary, *rest = tag.replace("_", "-").split("-")
        region = next((part.upper() for part in rest if len(part) == 2), "")
        chain += [f"{primary.lower()}-{region}"] * bool(region) + [primary.lower()] * bool(primary)
    return tuple(dict.fromkeys(chain))


def compile_version(version: TemplateVersion, house: Layouts) -> CompiledTemplate:
    """Compile all texts of a version; raises TemplateProblems with every fault found."""
    cached = _CACHE.get((version.name, version.version, version.digest, house.digest))
    if cached is None:
        cached = _compile(version, house)
        if len(_CACHE) >= _CACHE_SIZE:
            _CACHE.pop(next(iter(_CACHE)))
        _CACHE[version.name, version.version, version.digest, house.digest] = cached
    return cached


_CACHE: dict[tuple[str, int, str, str], CompiledTemplate] = {}
_CACHE_SIZE = 256
_DISCLOSURES: dict[tuple[str, str], tuple[CompiledDisclosure, ...]] = {}  # by layouts and language


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
                text = _compiled_text(path, version.files[path], language, house)
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


def _compiled_text(path: str, source: str, language: str, house: Layouts) -> CompiledText:
    """One text, compiled once for as long as its own language reads the same; raises TemplateProblems."""
    compiler = _TextCompiler(path, source, language, house)
    key = (path, source, house.letter_words(language))
    layouts, text = compiler.shared.texts.get(key, (None, None))
    if text is None or layouts is not house.layouts:
        text = compiler.compile()
        if len(compiler.shared.texts) >= _CACHE_SIZE:
            compiler.shared.texts.clear()
        compiler.shared.texts[key] = (house.layouts, text)
    return text


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


class _Language:
    """What all texts with one wording share: each piece of a layout, and each disclosure, compiled once."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self.known = {**PLACEHOLDERS, **BRAND, **_disclosure_flags(wording)}
        self._shared: dict[tuple[str, bool], Part] = {}
        self.texts: dict[tuple[str, str, LetterWords | None], tuple[Mapping[str, str], CompiledText]] = {}

    def shared(self, source: str, *, html: bool, file: str) -> Part:
        """A source that many texts have, compiled the first time; raises TemplateProblems."""
        part = self._shared.get((source, html))
        if part is None:
            if len(self._shared) >= _CACHE_SIZE:
                self._shared.clear()
            part = self._shared[source, html] = self.compiled(source, html=html, file=file)
        return part

    def compiled(self, source: str, *, html: bool, file: str) -> Part:
        """One source; raises TemplateProblems."""
        if "{" not in source:
            return Part((source,), (), html)
        found = analyse(source, env=environment(html=html), known=self.known, file=file)
        if found.problems or found.tree is None:
            raise TemplateProblems(found.problems)
        return Part((CheckedSource(source, self.known, html=html),), found.uses, html)


_LANGUAGES: dict[int, _Language] = {}


def _language_of(wording: Wording) -> _Language:
    known = _LANGUAGES.get(id(wording))
    if known is None or known.wording is not wording:
        if len(_LANGUAGES) >= _CACHE_SIZE:
            _LANGUAGES.clear()
        known = _LANGUAGES[id(wording)] = _Language(wording)
    return known


def _disclosure_flags(wording: Wording) -> Mapping[str, Placeholder]:
    """`law.NAME.first` and `law.NAME.later`: whether a disclosure applies to this message."""
    flags = {}
    for disclosure in wording.disclosures:
        for when in ("first", "later"):
            name = f"{LAW_PREFIX}{disclosure.name}.{when}"
            flags[name] = Placeholder(
                name=name,
                kind=Kind.FLAG,
                description=disclosure.source,
                sample="",
                get=partial(_applies_to_view, disclosure, when == "first"),
            )
    return flags


def _applies_to_view(disclosure: Disclosure, first: bool, view: View) -> bool:  # noqa: FBT001 - bound by partial alone
    return applies(disclosure, view.inputs, first=first)


def applies(disclosure: Disclosure, inputs: RenderInputs, *, first: bool) -> bool:
    """Whether a disclosure's first or later sentence must stand in this message."""
    is_first = inputs.first_contact if inputs.said is None else disclosure.name not in inputs.said
    if is_first is not first or inputs.kind not in disclosure.kinds:
        return False
    if disclosure.channels and inputs.channel not in disclosure.channels:
        return False
    if disclosure.notices and inputs.notice not in disclosure.notices:
        return False
    if disclosure.roles and (inputs.role or inputs.sender.role) not in disclosure.roles:
        return False
    return any(pack.lower() in disclosure.packs for pack in inputs.packs)


def joined_sources(path: str, source: str, house: Layouts) -> Mapping[str, str]:
    """The Jinja sources of one file after Markdown and layouts, before they are checked: for reading and measuring."""
    pieces = _TextCompiler(path, source, path.partition("/")[0], house).pieces()
    return {name: "".join(piece for piece, _ in found) for name, found in pieces.items()}


_Pieces = list[tuple[str, bool]]  # sources that follow each other, and whether each is the author's own


class _TextCompiler:
    """Compiles one file into the parts its channel needs."""

    def __init__(self, path: str, source: str, language: str, house: Layouts) -> None:
        self.path, self.source, self.language, self.house = path, source, language, house
        self.channel, self.keys = FILES[path.partition("/")[2]]
        wording = house.wording(language)
        if wording is None:
            primary = language.split("-", maxsplit=1)[0]
            message = (
                f"there is no wording for {language}: without its phrases and disclosures it cannot be sent"
            )
            raise TemplateProblems(
                [
                    Problem(
                        file=path,
                        message=message,
                        suggestion=f"add the language {primary} to the wording first",
                    )
                ]
            )
        self.wording: Wording = wording
        self.shared = _language_of(wording)

    def pieces(self) -> dict[str, _Pieces]:
        """Each part's source; raises TemplateProblems for what the author wrote wrong."""
        document = front_matter.split(self.source, file=self.path, keys=self.keys)
        self._check(document)
        return dict(self._pieces(document))

    @property
    def _is_letter(self) -> bool:
        return self.channel is ChannelKind.LETTER

    def compile(self) -> CompiledText:
        """Every part of the file, compiled; raises TemplateProblems."""
        parts = {name: self._part(pieces, html=name == "html") for name, pieces in self.pieces().items()}
        uses = _merged(use for part in parts.values() for use in part.uses)
        return CompiledText(
            language=self.language,
            channel=self.channel,
            file=self.path,
            wording=self.wording,
            parts=parts,
            uses=uses,
            source=self.source,
            letter_words=self.house.letter_words(self.language) if self._is_letter else None,
            shows_plans=any(use.placeholder.name == "plans" and use.fields for use in uses),
            disclosures=self._disclosures(),
        )

    def _check(self, document: front_matter.Document) -> None:
        """Check what the author wrote on its own, so that problems carry the author's lines."""
        problems = [*document.problems, *self._invisible()]
        if self.channel is not ChannelKind.SMS:
            problems += markdown.problems_of(document.body, self.path, document.first_line)
        said = [f"law.{each.name}" for each in self.wording.disclosures if each.in_text]
        body = _without_blocks(document.body, said, self.path, document.first_line, problems)
        pieces = [
            (body, document.first_line),
            *((text, document.lines[key]) for key, text in document.head.items()),
        ]
        for text, line in pieces:
            unclosed = list(markdown.unclosed_tags(text, self.path, line))
            problems += unclosed or self._refused(text, line)
        if problems:
            raise TemplateProblems(sorted(problems, key=lambda problem: problem.line))

    def _invisible(self) -> Iterator[Problem]:
        """Characters that hide words from whoever reviews a text, and from the checks."""
        for number, line in enumerate(self.source.split("\n"), start=1):
            if found := invisible(line):
                yield Problem(
                    file=self.path,
                    line=number,
                    column=line.index(found) + 1,
                    message=f"an invisible character, U+{ord(found):04X}",
                    suggestion="delete it and type the word again",
                )

    def _refused(self, text: str, line: int) -> tuple[Problem, ...]:
        env = environment(html=False)
        return analyse(text, env=env, known=PLACEHOLDERS, file=self.path, first_line=line).problems

    def _pieces(self, document: front_matter.Document) -> Iterator[tuple[str, _Pieces]]:
        layouts = self.house.layouts
        if self.channel is ChannelKind.SMS:
            body = document.body.strip()
            yield "text", self._laid_out(layouts["sms.txt"].rstrip("\n"), body, document, html=False)
            return
        tokens = markdown.tokens_of(document.body)
        html, text = markdown.to_html(tokens), markdown.to_text(tokens)
        if self.channel is ChannelKind.EMAIL:
            html = html.replace(_TO_PAY, f'{_TO_PAY} class="button"', 1)
            yield "html", self._laid_out(layouts["email.html"], html, document, html=True)
            yield "text", self._laid_out(layouts["email.txt"], text, document, html=False)
        else:
            yield "html", self._laid_out("{{ body }}\n{{ identity }}\n", html, document, html=True)
            yield "text", self._laid_out("{{ body }}\n\n{{ identity }}\n", text, document, html=False)
        for name, line in document.head.items():
            yield name, [(line, True)]

    def _laid_out(self, layout: str, body: str, document: front_matter.Document, *, html: bool) -> _Pieces:
        """A layout with everything it includes written out, parted where it carries the author's own words."""
        begin, *rest = _OWN.split(layout)
        pieces = [(self._expanded(begin, document, html=html), False)]
        for name, after in zip(rest[::2], rest[1::2], strict=True):
            if name == "body":  # no template can leave out what its message speaks of besides
                own, following = (
                    self._expanded(body, document, html=html),
                    f"{self._others(html=html)}{after}",
                )
            else:
                own, following = self._of_message(name.partition(".")[2], document, html=html), after
            pieces += [(own, True), (self._expanded(following, document, html=html), False)]
        return pieces

    def _expanded(self, source: str, document: front_matter.Document, *, html: bool) -> str:
        suffix = "html" if html else "txt"

        def included(match: re.Match[str]) -> str:
            group, _, name = match[1].partition(".")
            match group, name:
                case "identity", "":
                    return self._expanded(self.house.layouts[f"identity.{suffix}"], document, html=html)
                case (("say" | "law"), _):
                    return self._said(group, name, html=html)
                case "message", _:
                    return self._of_message(name, document, html=html)
                case _:
                    table = self.house.layouts[f"tables/{name}.{suffix}"]
                    return self._expanded(table, document, html=html)

        return _INCLUSION.sub(included, source)

    def _others(self, *, html: bool) -> str:
        """What a message says of the debts that its template is not about, and of who is asked in which capacity."""
        if self.channel is ChannelKind.SMS:
            return self.house.layouts["others.sms.txt"].rstrip("\n")
        return f"\n\n{self.house.layouts['others.html' if html else 'others.txt']}"

    def _of_message(self, name: str, document: front_matter.Document, *, html: bool) -> str:
        """What a layout asks about the message itself: language, direction, or a line of the head."""
        if name == "language":
            return self.language
        if name == "direction":
            return text_direction(self.language)
        return escaped_phrase(document.head[name]) if html else document.head[name]

    def _phrase(self, key: str, *, html: bool) -> str:
        if key not in self.wording.phrases:
            file = f"config/content/{self.wording.language}.yaml"
            raise TemplateProblems(
                [Problem(file=file, message=f"phrases.{key} is missing", suggestion="a layout says it")]
            )
        return escaped_phrase(self.wording.phrases[key]) if html else self.wording.phrases[key]

    def _disclosures_source(self, *, html: bool) -> str:
        """Every disclosure under the condition that it applies, each a paragraph."""
        pieces = []
        for disclosure in self.wording.disclosures:
            for when, text in (("first", disclosure.first), ("later", disclosure.later)):
                if text and not disclosure.in_text:
                    said = self._paragraph(text.strip().split("\n"), html=html)
                    pieces.append(f"{{% if {LAW_PREFIX}{disclosure.name}.{when} %}}{said}{{% endif %}}")
        return "".join(pieces)

    def _said(self, group: str, name: str, *, html: bool) -> str:
        if group == "law":
            return self._in_text(name, html=html)
        return self._disclosures_source(html=html) if name == "disclosures" else self._phrase(name, html=html)

    def _in_text(self, name: str, *, html: bool) -> str:
        """A sentence of the law where the template wants it, whatever packs are in force."""
        said = next(d.first for d in self.wording.disclosures if d.in_text and d.name == name)
        paragraphs = self._paragraph(said.strip().split("\n"), html=html)
        return f'<section class="{name}">\n{paragraphs}</section>' if html else paragraphs

    def _paragraph(self, lines: list[str], *, html: bool) -> str:
        if html:
            return "".join(f"<p>{escaped_phrase(line)}</p>\n" for line in lines)
        if self.channel is ChannelKind.SMS:
            return " ".join(lines) + " "
        return "\n".join(lines) + "\n\n"

    def _disclosures(self) -> tuple[CompiledDisclosure, ...]:
        """The same for every text of a language: compiled once, a fifth of the work otherwise."""
        key = (self.house.digest, self.language)
        if key not in _DISCLOSURES:
            if len(_DISCLOSURES) >= _CACHE_SIZE:
                _DISCLOSURES.clear()
            _DISCLOSURES[key] = tuple(map(self._disclosure, self.wording.disclosures))
        return _DISCLOSURES[key]

    def _disclosure(self, disclosure: Disclosure) -> CompiledDisclosure:
        first, later = [
            self.shared.shared(text.strip(), html=False, file=f"config/content/{self.wording.language}.yaml")
            if text
            else None
            for text in (disclosure.first, disclosure.later)
        ]
        return disclosure, first, later

    def _part(self, pieces: _Pieces, *, html: bool) -> Part:
        """The pieces of one part compiled each alone, so that a layout is compiled once and not with every text."""
        try:
            made = [
                (self.shared.compiled if own else self.shared.shared)(source, html=html, file=self.path)
                for source, own in _parted(pieces)
            ]
        except TemplateProblems:  # a layout whose condition holds the body is whole only with it
            made = [self.shared.compiled("".join(source for source, _ in pieces), html=html, file=self.path)]
        return Part(
            tuple(piece for part in made for piece in part.pieces),
            _merged(use for part in made for use in part.uses),
            html,
        )


def _parted(pieces: _Pieces) -> Iterator[tuple[str, bool]]:
    """The pieces as Jinja would read them in one: a tag at the end of one takes the line's end from the next."""
    if any(own and _STRIPS.search(source) for source, own in pieces):
        yield "".join(source for source, _ in pieces), True
        return
    before = ""
    for source, own in pieces:
        yield source.removeprefix("\n") if before.endswith("%}") else source, own
        before = source


def text_direction(language: str) -> str:
    """`rtl` for a language that is written from right to left."""
    return (
        "rtl"
        if language.split("-", maxsplit=1)[0] in {"ar", "fa", "he", "ur", "yi", "ps", "ku", "dv"}
        else "ltr"
    )


def escaped_phrase(phrase: str) -> str:
    """A phrase of ours as HTML, its placeholders left alone."""
    return "".join(part if i % 2 else str(escape(part)) for i, part in enumerate(_JINJA_TAG.split(phrase)))


def _merged(uses: Iterable[Use]) -> tuple[Use, ...]:
    """Uses of several parts as one list; two loops over the same list need the fields of both."""
    merged: dict[str, Use] = {}
    for use in uses:
        known = merged.get(use.variable)
        fields = _merged((*known.fields, *use.fields)) if known else use.fields
        merged[use.variable] = replace(use, fields=fields)
    return tuple(merged.values())


def _without_blocks(body: str, said: list[str], file: str, first_line: int, problems: list[Problem]) -> str:
    """The body with the lines of its tables and sentences of the law emptied; one that nobody knows is a problem."""
    known = [*(f"tables.{name}" for name in TABLES), *said]
    rows = body.split("\n")
    for index, row in enumerate(rows):
        block = markdown.BLOCK.match(row)
        if block is None:
            continue
        rows[index] = ""
        if block[1] not in known:
            what = "table" if block[1].startswith("tables.") else "sentence"
            problems.append(
                Problem(
                    file=file,
                    line=first_line + index,
                    column=1,
                    message=f"there is no {what} `{block[1]}`",
                    suggestion=f"there are {', '.join(known)}",
                )
            )
    return "\n".join(rows)
