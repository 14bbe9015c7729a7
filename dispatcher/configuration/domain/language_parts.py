"""The texts that make a language: what each is for, and what happens to its readers while it is missing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_OWN_LINE = re.compile(r"^language:.*$", re.MULTILINE)
_CODE = re.compile(r"[a-z]{2,3}")
_READ_OTHERWISE = frozenset({"no", "on", "off", "yes"})  # YAML reads them as true or false


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguagePart:
    """One text of a language. `name` holds `{}` for its code; `section`: its part of a text that all share."""

    kind: str
    name: str
    says: str
    without: str
    section: str = ""

    def name_in(self, language: str) -> str:
        """What the text of a language is called."""
        return self.name.format(language)


WORDING = "wording"  # the kind whose text makes a language one
_NOTHING = "Nothing is written in it: its readers get the text in the sender's own language, else in English."

PARTS = (
    LanguagePart(
        kind=WORDING,
        name="intents.{}",
        says="who may not act on whom: families of intent",
        without=_NOTHING,
    ),
    LanguagePart(
        kind=WORDING,
        name="examples.{}",
        says="sentences that people have judged, on both sides",
        without=_NOTHING,
    ),
    LanguagePart(
        kind=WORDING,
        name="{}",
        says="the words of the layouts, the sentences of the law, the way to stop",
        without=_NOTHING,
    ),
    LanguagePart(
        kind=WORDING,
        name="optout_words",
        section="languages",
        says="how people ask to be left alone",
        without="A wish to be left alone in it is not understood by itself: it waits in the inbox for a person.",
    ),
    LanguagePart(
        kind=WORDING,
        name="care_words",
        section="phrases",
        says="how people say that they are in danger",
        without="That somebody is in danger is seen only when a person reads what they wrote.",
    ),
    LanguagePart(
        kind="readings",
        name="{}",
        says="how replies are read",
        without="For replies in it no meaning is proposed: a person reads each.",
    ),
    LanguagePart(
        kind="letters",
        name="{}",
        says="what the page around a letter says",
        without="Letters in it are held.",
    ),
    LanguagePart(
        kind="own_page",
        name="{}",
        says="what the debtors' own page says",
        without="The debtors' own page, with what one may agree on there, speaks English to them.",
    ),
    LanguagePart(
        kind="calls",
        name="{}",
        says="what a caller says first",
        without="Who calls them has no words to begin with: the page of a call says so, and offers none.",
    ),
)


def is_language(code: str) -> bool:
    """Whether a text can be a language's code: two or three small letters (ISO 639)."""
    return bool(_CODE.fullmatch(code))


def begun_from(text: str, language: str) -> str:
    """Another language's text as the beginning of one in `language`: it names that, and reads as it did."""
    code = f'"{language}"' if language in _READ_OTHERWISE else language
    return _OWN_LINE.sub(f"language: {code}", text, count=1)


def own_texts(texts: Mapping[str, Mapping[str, str]], language: str) -> dict[tuple[str, str], str]:
    """(kind, name) -> text of all that is a language's own."""
    keys = [(part.kind, part.name_in(language)) for part in PARTS if not part.section]
    return {(kind, name): texts[kind][name] for kind, name in keys if name in texts.get(kind, {})}
