"""One file of a template becomes a compiled text: Markdown and layouts are joined, each tag is checked."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from markupsafe import escape

from channels.kind import ChannelKind
from dispatcher.writing.domain.letter_words import LetterWords
from dispatcher.writing.domain.wording import Disclosure, Wording
from dispatcher.writing.language import front_matter, markdown
from dispatcher.writing.language.compiled import (
    FILES,
    MOST_KEPT,
    CheckedSource,
    CompiledDisclosure,
    CompiledText,
    Part,
    applies,
    text_direction,
)
from dispatcher.writing.language.layouts import TABLES, Layouts
from dispatcher.writing.language.placeholders import BRAND, LAW_PREFIX, PLACEHOLDERS, Kind, Placeholder, View
from dispatcher.writing.language.problems import Problem, TemplateProblems
from dispatcher.writing.language.sandbox import environment
from dispatcher.writing.language.syntax import analyse
from dispatcher.writing.language.tags import uses_of
from dispatcher.writing.language.values import Use
from dispatcher.writing.untrusted import invisible

_INCLUSION = re.compile(r"\{\{\s*(identity|say\.\w+|law\.\w+|tables\.\w+|message\.\w+)\s*\}\}")
_OWN = re.compile(
    r"\{\{\s*(body|message\.\w+)\s*\}\}"
)  # what a layout takes from the one text that it carries
_STRIPS = re.compile(r"\A\s*\{[{%#]-|(?:-[}%]\}|#\})\s*\Z")  # white space of its neighbours too
_JINJA_TAG = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_TO_PAY = '<a href="{{ links.pay }}"'  # the one action: the first of these is the button
_DISCLOSURES: dict[tuple[str, str], tuple[CompiledDisclosure, ...]] = {}  # by layouts and language


def compiled_text(path: str, source: str, language: str, house: Layouts) -> CompiledText:
    """One text, compiled once for as long as its own language reads the same; raises TemplateProblems."""
    compiler = _TextCompiler(path, source, language, house)
    key = (path, source, house.letter_words(language))
    layouts, text = compiler.shared.texts.get(key, (None, None))
    if text is None or layouts is not house.layouts:
        text = compiler.compile()
        if len(compiler.shared.texts) >= MOST_KEPT:
            compiler.shared.texts.clear()
        compiler.shared.texts[key] = (house.layouts, text)
    return text


class _Language:
    """What all texts with one wording share: each piece of a layout, and each disclosure, compiled once."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self.known = {**PLACEHOLDERS, **BRAND, **_disclosure_flags(wording)}
        self._shared: dict[tuple[str, bool], Part] = {}
        self.disclosures: dict[tuple[bool, bool], str] = {}  # their source, by whether for an SMS and in HTML
        self.texts: dict[tuple[str, str, LetterWords | None], tuple[Mapping[str, str], CompiledText]] = {}

    def shared(self, source: str, *, html: bool, file: str) -> Part:
        """A source that many texts have, compiled the first time; raises TemplateProblems."""
        part = self._shared.get((source, html))
        if part is None:
            if len(self._shared) >= MOST_KEPT:
                self._shared.clear()
            part = self._shared[source, html] = self._part(source, None, html=html, file=file)
        return part

    def compiled(self, source: str, *, html: bool, file: str) -> Part:
        """A source of one text; raises TemplateProblems. What all know is the same in a language, which adds names."""
        return self._part(source, uses_of(source), html=html, file=file)

    def _part(self, source: str, uses: tuple[Use, ...] | None, *, html: bool, file: str) -> Part:
        if "{" not in source:
            return Part((source,), (), html)
        if uses is None:
            found = analyse(source, env=environment(html=html), known=self.known, file=file)
            if found.problems:
                raise TemplateProblems(found.problems)
            uses = found.uses
        return Part((CheckedSource(source, self.known, html=html),), uses, html)


_LANGUAGES: dict[int, _Language] = {}


def _language_of(wording: Wording) -> _Language:
    known = _LANGUAGES.get(id(wording))
    if known is None or known.wording is not wording:
        if len(_LANGUAGES) >= MOST_KEPT:
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
                shared=True,
            )
    return flags


def _applies_to_view(disclosure: Disclosure, first: bool, view: View) -> bool:  # noqa: FBT001 - bound by partial alone
    return applies(disclosure, view.inputs, first=first)


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
            shows_discount=any(use.placeholder.name.startswith("discount.") for use in uses),
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
        if uses_of(text) is not None:
            return ()
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
        known, written = self.shared.disclosures, (self.channel is ChannelKind.SMS, html)
        if written not in known:
            pieces = []
            for disclosure in self.wording.disclosures:
                for when, text in (("first", disclosure.first), ("later", disclosure.later)):
                    if text and not disclosure.in_text:
                        said = self._paragraph(text.strip().split("\n"), html=html)
                        pieces.append(f"{{% if {LAW_PREFIX}{disclosure.name}.{when} %}}{said}{{% endif %}}")
            known[written] = "".join(pieces)
        return known[written]

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
            if len(_DISCLOSURES) >= MOST_KEPT:
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


def escaped_phrase(phrase: str) -> str:
    """A phrase of ours as HTML, its placeholders left alone."""
    return "".join(part if i % 2 else str(escape(part)) for i, part in enumerate(_JINJA_TAG.split(phrase)))


def _merged(uses: Iterable[Use]) -> tuple[Use, ...]:
    """Uses of several parts as one list; two loops over the same list need the fields of both."""
    merged: dict[str, Use] = {}
    for use in uses:
        known = merged.get(use.variable)
        if known and known.fields != use.fields:
            use = replace(use, fields=_merged((*known.fields, *use.fields)))  # noqa: PLW2901 - the same use, with the fields of both
        merged[use.variable] = use
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
