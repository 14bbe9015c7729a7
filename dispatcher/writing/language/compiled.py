"""What a template becomes once it is compiled: texts that only Jinja has to fill in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from jinja2 import Template

from channels.kind import ChannelKind
from dispatcher.writing.domain.letter_words import LetterWords
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.domain.wording import Disclosure, Wording
from dispatcher.writing.language.meta import TemplateMeta
from dispatcher.writing.language.placeholders import Placeholder
from dispatcher.writing.language.problems import TemplateProblems
from dispatcher.writing.language.sandbox import environment
from dispatcher.writing.language.syntax import analyse
from dispatcher.writing.language.values import Use, Variables

FILES: Mapping[str, tuple[ChannelKind, tuple[str, ...]]] = {
    "email.md": (ChannelKind.EMAIL, ("subject", "preheader")),
    "sms.txt": (ChannelKind.SMS, ()),
    "letter.md": (ChannelKind.LETTER, ("title",)),
}
FALLBACK = "en"
MOST_KEPT = 256  # compiled texts of a kind in one process


class CheckedSource:
    """A source whose every tag was checked. It becomes a template when it is first rendered: most never are."""

    __slots__ = ("_known", "_source", "_template", "html")

    def __init__(self, source: str, known: Mapping[str, Placeholder], *, html: bool) -> None:
        self._source, self._known, self.html = source, known, html
        self._template: Template | None = None

    @property
    def template(self) -> Template:
        """Ready to be rendered; raises TemplateProblems."""
        if self._template is None:
            env = environment(html=self.html)
            # Turned once more, not kept: the trees of all texts would take more memory than the texts of a day.
            turned = analyse(self._source, env=env, known=self._known, file="")
            if turned.tree is None:
                raise TemplateProblems(turned.problems)
            self._template = env.from_string(turned.tree)
        return self._template


class Part(NamedTuple):
    """One compiled text: words and templates one after the other, and the values they need."""

    pieces: tuple[str | CheckedSource | Template, ...]
    uses: tuple[Use, ...]
    html: bool

    def render(self, variables: Variables) -> str:
        """The text; raises what Jinja raises, and MissingValue.

        All pieces read one context: none can set anything, and to make one costs as much as a short piece.
        """
        context = None
        written: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, str):
                written.append(piece)
                continue
            template = piece.template if isinstance(piece, CheckedSource) else piece
            context = context or template.new_context(variables, shared=True)
            written.extend(template.root_render_func(context))
        return "".join(written)


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
    shows_discount: bool = False
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


def text_direction(language: str) -> str:
    """`rtl` for a language that is written from right to left."""
    return (
        "rtl"
        if language.split("-", maxsplit=1)[0] in {"ar", "fa", "he", "ur", "yi", "ps", "ku", "dv"}
        else "ltr"
    )
