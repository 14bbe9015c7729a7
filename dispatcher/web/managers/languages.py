"""The languages of a desk: what each has, what its readers miss, and a new one begun and decided as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.responses import Response

from dispatcher.authoring.storage import template_use
from dispatcher.configuration import decide_text
from dispatcher.configuration.add_language import begin_language, tried_together, troubles_together, waiting
from dispatcher.configuration.domain.config_version import ConfigTroubles, ConfigVersion
from dispatcher.configuration.domain.kinds import BY_WORD
from dispatcher.configuration.domain.language_parts import PARTS, LanguagePart, is_language
from dispatcher.configuration.storage import config_versions
from dispatcher.rulebook.yaml_file import ConfigError, parse_yaml
from dispatcher.users.domain.user import Role
from dispatcher.web.managers.configuration import first_of, require_pages, since_of, texts_of
from dispatcher.web.site.page import again, go_to, page, sentence_of
from dispatcher.web.site.visit import Page, RefusedError, Visit, not_found
from dispatcher.writing.domain.template import ReviewRefused, VersionState, may_approve

WORDING = BY_WORD["wording"]
_NOWHERE = Path("text")


@dataclass(frozen=True, kw_only=True, slots=True)
class PartOf:
    """One part of a language: whether it is in force, and the newest version where that waits."""

    part: LanguagePart
    name: str
    holds: bool
    newest: ConfigVersion | None

    @property
    def is_there(self) -> bool:
        """Whether there is anything to read: its own text, or the one that all languages share."""
        return self.holds or bool(self.newest) or bool(self.part.section)

    @property
    def address(self) -> str:
        """Where it is read and written."""
        return f"/configuration/{self.part.kind}/{self.name}"


def list_languages(visit: Visit) -> Response:
    """Every language with what its readers miss, and the form that begins one."""
    written = _written(visit)
    codes = sorted({*visit.program.layouts.wordings, *written.begun})
    return page(
        visit,
        "languages",
        languages=[(code, code in visit.program.layouts.wordings, written.missing(code)) for code in codes],
        sources=sorted(visit.program.layouts.wordings),
        on_pages=WORDING.word in visit.program.settings.configuration.on_pages,
    )


def begin(visit: Visit) -> Response:
    """Begin all texts of a language from another's."""
    require_pages(visit, WORDING)
    language, house = visit.text("language"), visit.program
    try:
        begun = begin_language(
            house.database,
            house.file_texts(),
            language,
            visit.text("source"),
            kinds=house.settings.configuration.on_pages,
            author=visit.actor,
            now=visit.now,
        )
    except ReviewRefused as refused:
        return again(visit, list_languages, sentence_of(refused))
    texts = f"{begun} text{'s' if begun > 1 else ''}"
    return go_to(visit, f"/languages/{language}", f"{texts} begun. Now each is to be translated.")


def show_language(visit: Visit) -> Response:
    """One language: each part, what is missing, what happens meanwhile, and what may be done with the whole."""
    language, house = visit.path("language"), visit.program
    parts = _written(visit).parts(language) if is_language(language) else []
    if not any(each.holds or each.newest for each in parts if not each.part.section):
        raise not_found("language of that code")
    drafts = waiting(house.database, language, VersionState.DRAFT)
    submitted = waiting(house.database, language, VersionState.SUBMITTED)
    return page(
        visit,
        "language",
        language=language,
        parts=parts,
        drafts=drafts,
        submitted=submitted,
        troubles=troubles_together(house.database, house.check_texts, [*submitted, *drafts], visit.now),
        own=any(visit.actor in each.authors for each in submitted),
        today=visit.now.date(),
        templates=_templates(visit, language),
        people=_readers(visit, language),
        hours=sorted(
            sender.name
            for sender in house.policy.senders.values()
            if sender.contact_hours and language not in sender.contact_hours
        ),
    )


def decide(visit: Visit) -> Response:
    """Hand in all drafts of a language, or put all that were handed in in force: they need one another."""
    language, do = visit.path("language"), visit.text("do")
    if do not in {"hand-in", "approve"}:
        raise RefusedError(400, "Choose what to do.")
    role = Role.MANAGER if do == "hand-in" else Role.APPROVER
    if not visit.has(role):
        raise RefusedError(403, f"Somebody with the role {role.value} does this.")
    at = f"/languages/{language}"
    try:
        done = _hand_in(visit, language) if do == "hand-in" else _approve(visit, language)
    except ConfigTroubles as troubles:
        return again(visit, show_language, first_of(troubles), at=at)
    except ReviewRefused as refused:
        return again(visit, show_language, sentence_of(refused), at=at)
    return go_to(visit, at, done)


def _hand_in(visit: Visit, language: str) -> str:
    house, now, why = visit.program, visit.now, visit.text("why")[:1000]
    drafts = waiting(house.database, language, VersionState.DRAFT)
    handed = waiting(house.database, language, VersionState.SUBMITTED)
    if not drafts:
        raise ReviewRefused("Nothing of it is a draft.")
    tried = tried_together(house.database, house.check_texts, [*handed, *drafts], now)
    for one in drafts:
        decide_text.hand_in(house.database, tried, one, actor=visit.actor, why=why, now=now)
    return "Handed in. Another person with the role approver decides."


def _approve(visit: Visit, language: str) -> str:
    house, now = visit.program, visit.now
    since = since_of(visit)
    handed = waiting(house.database, language, VersionState.SUBMITTED)
    if not handed:
        raise ReviewRefused("Nothing of it waits for a decision.")
    for one in handed:
        may_approve(one, visit.actor)
    tried = tried_together(house.database, house.check_texts, handed, since)
    for one in handed:
        decide_text.approve(
            house.database,
            tried,
            one,
            actor=visit.actor,
            since=since,
            now=now,
            heard_less=house.heard_less,
            wants_it=False,
        )
    house.pages_texts.forget()
    house.follow_configuration()
    return "It is decided. From that day on it holds."


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """All texts of the kinds that make a language: those in force, and drafts with what waits, the newest first."""

    in_force: Mapping[str, Mapping[str, str]]
    unsettled: tuple[ConfigVersion, ...]

    @property
    def begun(self) -> set[str]:
        """Codes of the languages whose wording is being written."""
        return {one.name for one in self.unsettled if one.kind == WORDING.word and is_language(one.name)}

    def parts(self, language: str) -> list[PartOf]:
        """A language, part by part."""
        return [self._part(part, part.name_in(language), language) for part in PARTS]

    def missing(self, language: str) -> list[str]:
        """What its readers miss, each once."""
        return list(dict.fromkeys(each.part.without for each in self.parts(language) if not each.holds))

    def _part(self, part: LanguagePart, name: str, language: str) -> PartOf:
        text = self.in_force[part.kind].get(name)
        holds = text is not None and (not part.section or language in _section(text, part.section))
        open_ = (one for one in self.unsettled if (one.kind, one.name) == (part.kind, name))
        return PartOf(part=part, name=name, holds=holds, newest=next(open_, None))


def _written(visit: Visit) -> Written:
    with visit.program.database.reading() as connection:
        unsettled = tuple(config_versions.unsettled(connection))
    kinds = {part.kind for part in PARTS}
    return Written(in_force={kind: texts_of(visit, BY_WORD[kind]) for kind in kinds}, unsettled=unsettled)


@lru_cache(maxsize=32)
def _section(text: str, name: str) -> Any:
    try:
        return parse_yaml(text, _NOWHERE).data.get(name) or {}
    except (ConfigError, AttributeError):
        return {}


def _templates(visit: Visit, language: str) -> list[tuple[str, list[str]]]:
    """Templates that steps use, with the channels in which they have no text in the language."""
    in_force = visit.program.templates.all_in_force()
    wanted: dict[str, set[str]] = {}
    for strategy in visit.program.policy.strategies:
        for step in strategy.written():
            wanted.setdefault(step.template, set()).update(channel.value for channel in step.channels)
    lacking = []
    for name, channels in sorted(wanted.items()):
        compiled = in_force.get(name)
        has = {channel.value for tag, channel in compiled.texts if tag == language} if compiled else set()
        if channels - has:
            lacking.append((name, sorted(channels - has)))
    return lacking


def _readers(visit: Visit, language: str) -> int:
    """How many people who owe something read it."""
    with visit.program.database.reading() as connection:
        people = template_use.people_by_language(connection, visit.now.date())
    return sum(count for tag, count in people.items() if tag.partition("-")[0].lower() == language)


PAGES = (
    Page("GET", "/languages", list_languages),
    Page("POST", "/languages", begin),
    Page("GET", "/languages/{language}", show_language),
    Page("POST", "/languages/{language}", decide),
)
