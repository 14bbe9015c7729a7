"""Reads the configuration in force: rules, words, templates, as files or pages have them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from channels.kind import ChannelKind
from dispatcher import resources
from dispatcher.bootstrap.opened import Opened

if TYPE_CHECKING:
    from dispatcher.authoring.published_templates import PublishedTemplates
    from dispatcher.authoring.review_law import LawReviewsInForce
    from dispatcher.calls.domain.opening_words import OpeningWords
    from dispatcher.configuration.domain.config_version import Texts, Trouble
    from dispatcher.configuration.domain.kinds import Kind
    from dispatcher.configuration.texts_in_force import TextsInForce
    from dispatcher.inbox.domain.reading import Understood
    from dispatcher.people.domain.optout_words import ReplyMeaning
    from dispatcher.people.domain.own_page_words import OwnPageWords
    from dispatcher.planning.policy import Policy
    from dispatcher.portfolio.domain.import_request import ImportSettings
    from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
    from dispatcher.rulebook.whole import Whole
    from dispatcher.treatment.domain.outcomes import Prices
    from dispatcher.writing.language.layouts import Layouts

_WORDS_TO_STOP = "optout_words.yaml"
CONFIGURED = (
    "rules", "places", "strategies", "segments.yaml", "scorecard.yaml", "capacity.yaml", "senders.yaml", "offers",
    "content", "letters", "charges", "interest_caps.yaml",
)  # fmt: skip


@dataclass
class Configuration(Opened):
    """What is configured, in force at this moment."""

    _stamp: str = ""  # of the configuration of the pages that was read

    def config(self, name: str) -> Path:
        """A part of the configuration: as it is in force on the pages where it is kept there, else its files."""
        from dispatcher.configuration.domain.kinds import BY_PATH

        kind = BY_PATH.get(name)
        on_pages = self.pages_texts.path(kind) if kind else None
        return on_pages or self.config_files(name)

    def config_files(self, name: str) -> Path:
        """A part of the configuration as the files have it."""
        return resources.config_path(self.settings.config_dir, name)

    @cached_property
    def pages_texts(self) -> TextsInForce:
        """What is in force of the kinds of configuration that are kept on the pages."""
        from dispatcher.configuration.texts_in_force import TextsInForce

        kinds = self.settings.configuration.on_pages
        return TextsInForce(self.database, self.home / "configuration", kinds, self._now)

    def file_texts_of(self, kind: Kind) -> dict[str, str]:
        """Name -> text of a kind as the files have it."""
        from dispatcher.configuration.text_files import read_kind

        return read_kind(kind, self.config_files(kind.path))

    def file_texts(self) -> Texts:
        """Kind -> name -> text of the kinds kept on the pages, as the files have them."""
        from dispatcher.configuration.domain.kinds import BY_WORD

        return {word: self.file_texts_of(BY_WORD[word]) for word in sorted(self.pages_texts.kinds)}

    def check_texts(self, texts: Texts) -> list[Trouble]:
        """What is wrong with the configuration if these texts (kind -> name -> text) were all of their kinds."""
        from dispatcher.configuration.domain.config_version import trouble_of
        from dispatcher.rulebook.whole import read_whole
        from dispatcher.runs.domain.schedule import JOBS

        with self.texts_as_files(texts) as (folder, config):
            whole = read_whole(config, jobs=JOBS)
        troubles = [trouble_of(error, folder) for error in whole.errors]
        return troubles or [trouble_of(line, folder) for line in self._beside_templates(whole)]

    def heard_less(self, texts: Texts) -> list[Trouble]:
        """Which wishes to stop and words of danger nobody would hear if these texts were all of their kinds."""
        from dispatcher.configuration.domain.config_version import Trouble
        from dispatcher.people.domain.heard_less import heard_less
        from dispatcher.rulebook.optout_words import load_optout_words

        with self.texts_as_files(texts) as (_, config):
            if config("content") == self.config("content"):
                return []
            becomes = load_optout_words(config("content") / _WORDS_TO_STOP)
        now = load_optout_words(self.config("content") / _WORDS_TO_STOP)
        return [Trouble(file="", line=0, says=one) for one in heard_less(now, becomes)]

    def _beside_templates(self, whole: Whole) -> list[str]:
        """Why the templates in force would not go with it: other wording, or steps that no template serves."""
        from dispatcher.authoring.lint_templates import lint_strategies
        from dispatcher.authoring.published_templates import PublishedTemplates

        templates = self.templates
        layouts = self.layouts.saying(whole.wordings, whole.letters, tuple(whole.senders.values()))
        if layouts.digest != self.layouts.digest:
            templates = PublishedTemplates(self.database, layouts, self.now)
        return [*templates.problems_now(), *lint_strategies(whole.strategies, templates.all_in_force())]

    @contextmanager
    def texts_as_files(
        self, texts: Texts, *, only: bool = False
    ) -> Iterator[tuple[Path, Callable[[str], Path]]]:
        """These texts in place of all of their kinds, in a folder that goes again; and where each part stands.

        Of kinds that are kept in files the files hold, unless `only` these texts are to be looked at.
        """
        from dispatcher.configuration.domain.kinds import BY_PATH
        from dispatcher.configuration.text_files import mirror

        holds = self.pages_texts.texts  # what reads so already is read where it stands: the loaders know it
        ours = {
            kind: of
            for kind, of in texts.items()
            if of != holds.get(kind) and (only or kind in self.pages_texts.kinds)
        }
        with TemporaryDirectory() as made:
            folder = Path(made)
            mirror(folder, ours)

            def config(name: str) -> Path:
                kind = BY_PATH.get(name)
                return folder / name if kind and kind.word in ours else self.config(name)

            yield folder, config

    def follow_configuration(self) -> None:
        """Let go of what was read of another configuration than is in force now; it is read anew when it is asked."""
        stamp = self.pages_texts.stamp
        if stamp != self._stamp:
            self._stamp = stamp
            for name in (
                "policy",
                "clearing",
                "layouts",
                "templates",
                "read_reply",
                "propose_reading",
                "own_page_words",
                "opening_words",
            ):
                self.__dict__.pop(name, None)

    @cached_property
    def policy(self) -> Policy:
        """The configuration in force; raises ConfigError naming file, line and key."""
        self._stamp = self.pages_texts.stamp
        before = self.digest_of_configuration()
        policy = self.read_policy(self.config)
        # Files that changed while they were read are of no known content.
        return replace(policy, read_from=before if before == self.digest_of_configuration() else "")

    def read_policy(self, config: Callable[[str], Path]) -> Policy:
        """The configuration that stands at these paths, a part each; raises ConfigError naming file, line and key."""
        from dispatcher.configuration.domain.config_version import stamp_of
        from dispatcher.configuration.domain.kinds import KINDS
        from dispatcher.configuration.text_files import read_kind
        from dispatcher.gate.coverage import Coverage
        from dispatcher.planning.policy import Policy
        from dispatcher.rulebook.capacity import load_capacity, load_timing
        from dispatcher.rulebook.coverage import load_coverage
        from dispatcher.rulebook.offers import load_offers
        from dispatcher.rulebook.packs import load_rule_packs
        from dispatcher.rulebook.places import load_places
        from dispatcher.rulebook.scorecard import load_scorecard
        from dispatcher.rulebook.segments import load_segments
        from dispatcher.rulebook.senders import load_senders
        from dispatcher.rulebook.strategies import load_strategies

        card = load_scorecard(config("scorecard.yaml"))
        segments = load_segments(config("segments.yaml"), card)
        names = [segment.name for segment in segments]
        return Policy(
            rulebook=load_rule_packs(config("rules"), only=self.settings.rules.only),
            places=load_places(config("places")),
            coverage=Coverage() if self.settings.rules.only is not None else load_coverage(config("places")),
            strategies=load_strategies(config("strategies"), names),
            segments=segments,
            scorecard=card,
            capacity=load_capacity(config("capacity.yaml")),
            timing=load_timing(config("capacity.yaml")),
            senders=load_senders(config("senders.yaml"), config("charges")),
            offers=load_offers(config("offers"), names, config("interest_caps.yaml")),
            real_channels=frozenset(kind for kind in ChannelKind if not self.settings.is_rehearsal(kind)),
            require_review=self.settings.rules.require_review,
            reviews=self.law_reviews if self.settings.rules.reviews == "pages" else None,
            links_people=self.settings.people.link,
            public_url=self.settings.public_url.rstrip("/"),
            make_token=self._make_token,
            config_digest=stamp_of({kind.word: read_kind(kind, config(kind.path)) for kind in KINDS}),
        )

    def digest_of_configuration(self) -> str:
        """SHA-256 of everything that is configured and that gate or texts read: files by name and bytes, settings."""
        settings = self.settings
        found = hashlib.sha256()
        parts = [self.config(name) for name in CONFIGURED]
        for part in (*parts, resources.layouts_dir(settings.templates_dir) / "_layouts"):
            files = sorted(path for path in part.rglob("*") if path.is_file()) if part.is_dir() else [part]
            for path in files:
                content = path.read_bytes() if path.is_file() else b""
                found.update(f"{path.relative_to(part.parent)}\0{len(content)}\0".encode() + content)
        real = sorted(kind for kind in ChannelKind if not settings.is_rehearsal(kind))
        found.update(repr((settings.rules, settings.people, settings.public_url, real)).encode())
        return found.hexdigest()

    @cached_property
    def law_reviews(self) -> LawReviewsInForce:
        """What counsel has reviewed on the pages."""
        from dispatcher.authoring.review_law import LawReviewsInForce

        return LawReviewsInForce(self.database)

    @cached_property
    def prices(self) -> Prices:
        """What a message costs, by channel; raises ConfigError naming file, line and key."""
        from dispatcher.rulebook.costs import load_costs

        return load_costs(self.config("costs.yaml"))

    @cached_property
    def import_settings(self) -> ImportSettings:
        """What is odd about a ledger, and how its addresses are read; raises ConfigError naming file, line and key."""
        from dispatcher.rulebook.import_settings import load_import_settings
        from dispatcher.rulebook.places import load_places

        return load_import_settings(self.config("import.yaml"), load_places(self.config("places")))

    def mapping(self, name: str) -> PortfolioMapping | None:
        """A mapping by its name: the configuration's, else one that was saved on a page; raises ConfigError."""
        from dispatcher.portfolio.storage import mappings
        from dispatcher.rulebook.mappings import load_mapping

        if not name:
            return None
        with self.database.reading() as connection:
            saved = mappings.texts(connection)
        return load_mapping(self.config("mappings"), name, saved)

    def pack_names(self) -> list[str]:
        """Rule packs in lower case, by their files' names: also where one of them cannot be read."""
        return [path.stem for path in self.config("rules").glob("*.yaml")]

    def sender_names(self) -> list[str]:
        """Creditors that have a sender; none where the file cannot be read, for whoever must not wait for it."""
        from dispatcher.rulebook.senders import load_senders
        from dispatcher.rulebook.yaml_file import ConfigError

        try:
            return list(load_senders(self.config("senders.yaml"), self.config("charges")))
        except ConfigError:
            return []

    @cached_property
    def read_reply(self) -> Callable[[str], ReplyMeaning]:
        """What a debtor's words mean; raises ConfigError naming file, line and key."""
        from dispatcher.people.domain.optout_words import classify_reply
        from dispatcher.rulebook.optout_words import load_optout_words

        table = load_optout_words(self.config("content") / "optout_words.yaml")
        return lambda text: classify_reply(text, table)

    @cached_property
    def propose_reading(self) -> Callable[[str], Understood]:
        """What a debtor's words may mean, for a person to confirm; raises ConfigError naming file, line and key."""
        from dispatcher.inbox.domain.reading import Understood, propose
        from dispatcher.people.domain.own_words import own_words
        from dispatcher.rulebook.optout_words import load_optout_words
        from dispatcher.rulebook.readings import load_readings

        readings = load_readings(self.config("readings"))
        ours = load_optout_words(self.config("content") / "optout_words.yaml").ours

        def understood(text: str) -> Understood:
            own = own_words(text, ours)
            return Understood(text=own, proposals=propose(own, readings))

        return understood

    @cached_property
    def own_page_words(self) -> OwnPageWords:
        """What the debtors' own page says, by language; raises ConfigError naming file, line and key."""
        from dispatcher.rulebook.own_page_words import load_own_page_words

        return load_own_page_words(self.config("own_page"))

    @cached_property
    def opening_words(self) -> Mapping[str, OpeningWords]:
        """What a caller says first, by language; raises ConfigError naming file, line and key."""
        from dispatcher.rulebook.opening_words import load_opening_words

        return load_opening_words(self.config("calls"))

    @cached_property
    def optout_secret(self) -> bytes:
        """The key of the debtors' links, made where none was ever used; raises LinkKeyError."""
        from dispatcher.people.link_key import read_link_key

        return read_link_key(self.database, self.keys)

    @cached_property
    def layouts(self) -> Layouts:
        """The layouts and wordings that carry every template."""
        from dispatcher.rulebook.letter_words import load_letter_words
        from dispatcher.rulebook.wording import load_wordings
        from dispatcher.writing.language.layouts import read_layouts

        layouts = resources.layouts_dir(self.settings.templates_dir)
        letters = load_letter_words(self.config("letters"))
        read = read_layouts(layouts, load_wordings(self.config("content")), letters)
        return replace(read, senders=tuple(self.policy.senders.values()))

    @cached_property
    def templates(self) -> PublishedTemplates:
        """The template versions in force."""
        from dispatcher.authoring.published_templates import PublishedTemplates

        return PublishedTemplates(self.database, self.layouts, self.now)

    def refresh_templates(self) -> list[str]:
        """Bring the store of templates up to date before a run; problems, a line each."""
        from dispatcher.authoring.refresh_templates import TemplateSources, refresh_templates

        sources = TemplateSources(
            shipped=resources.templates_dir(None),
            folder=self.settings.templates_dir,
            source=self.settings.templates.source or "folder",
        )
        problems = refresh_templates(
            self.database, self.layouts, sources, now=self.now(), real_now=self.real_now()
        )
        self.templates.forget()
        return problems

    def in_force(self) -> dict[str, list[str]]:
        """What a run works with, by kind; without packs where a person named those to use (DISPATCHER_RULES__ONLY)."""
        policy = self.policy
        names = {
            "strategy": [strategy.name for strategy in policy.strategies],
            "sender": list(policy.senders),
            "content language": list(self.layouts.wordings),
        }
        if not policy.rulebook.restricted:
            names["rule pack"] = [pack.name for pack in policy.rulebook]
        return names

    def record_rules(self, actor: str) -> None:
        """Log which rule packs and answers about places are in force, with their exact text, when that has changed."""
        from dispatcher.configuration.storage.logged_texts import record_texts_in_force
        from dispatcher.planning.guard_absence import refuse_what_is_gone
        from dispatcher.planning.storage.rules_in_force import record_rules_in_force
        from dispatcher.rulebook.places import COVERAGE

        refuse_what_is_gone(self.database, self.in_force())
        folder = self.config("rules")
        texts = {
            pack.stamp: (folder / f"{pack.name.lower()}.yaml").read_bytes() for pack in self.policy.rulebook
        }
        if not self.policy.rulebook.restricted:
            answers = (self.config("places") / COVERAGE).read_bytes()
            texts[f"coverage/{hashlib.sha256(answers).hexdigest()[:12]}"] = answers
        with self.database.writing() as connection:
            record_rules_in_force(connection, texts, now=self.now(), actor=actor)
            if self.pages_texts.stamp:
                record_texts_in_force(connection, self.pages_texts.texts, now=self.now(), actor=actor)

    def _now(self) -> datetime:
        """By whichever clock the program has at the moment of asking."""
        return self.now()

    def _make_token(self, person: str, medium: str, contact_point_id: int) -> str:
        from dispatcher.people.domain.optout_token import OptOutLink, make_token

        return make_token(
            self.optout_secret, OptOutLink(person=person, medium=medium, contact_point_id=contact_point_id)
        )
