"""Puts the house together: the only place where ports meet adapters, and the only clock.

Each part is imported where it is first opened: most commands need two or three of them, and all together take longer
to import than those commands to run.
"""

from __future__ import annotations

import gc
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from channels.kind import ChannelKind
from dispatcher import resources
from dispatcher.database import migrate
from dispatcher.database.engine import Connection, Database, open_database
from dispatcher.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from channels.account import Account
    from channels.port import Channel
    from dispatcher.authoring.published_templates import PublishedTemplates
    from dispatcher.authoring.review_law import LawReviewsInForce
    from dispatcher.configuration.domain.config_version import Texts, Trouble
    from dispatcher.configuration.domain.kinds import Kind
    from dispatcher.configuration.texts_in_force import TextsInForce
    from dispatcher.delivery.clear_messages import Clearing
    from dispatcher.delivery.domain.verdict import Verdict
    from dispatcher.inbox.domain.reading import Understood
    from dispatcher.messages.domain.message import Message
    from dispatcher.people.domain.facts import Given
    from dispatcher.people.domain.optout_words import ReplyMeaning
    from dispatcher.people.domain.own_page_words import OwnPageWords
    from dispatcher.people.recording import Recorded, Said
    from dispatcher.planning.agreement_desk import AgreementDesk
    from dispatcher.planning.policy import Policy
    from dispatcher.portfolio.domain.import_request import ImportRequest, ImportSettings
    from dispatcher.portfolio.domain.portfolio_mapping import PortfolioMapping
    from dispatcher.rulebook.whole import Whole
    from dispatcher.treatment.domain.outcomes import Prices
    from dispatcher.users.ask_provider import ProviderClient
    from dispatcher.users.sealed_secrets import SecretBox
    from dispatcher.writing.language.layouts import Layouts
    from dispatcher.writing.message_files import MessageFiles
    from dispatcher.writing.prepare_messages import ClearOne, Preparing

Clock = Callable[[], datetime]
CONFIGURED = (
    "rules", "places", "strategies", "segments.yaml", "scorecard.yaml", "capacity.yaml", "senders.yaml", "offers",
    "content", "letters", "charges",
)  # fmt: skip


def real_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


def clock_from(start: datetime) -> Clock:
    """A business clock that starts at an instant and runs on at the real pace."""
    began = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - began)


@dataclass
class Dispatcher:
    """The opened program. `now` is the business clock, `real_now` the one that leases and timers run on."""

    settings: Settings
    database: Database
    now: Clock
    real_now: Clock = real_clock
    clock_is_set: bool = False
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    _stamp: str = ""  # of the configuration of the pages that was read
    _channels: dict[ChannelKind, Channel] = field(default_factory=dict)
    _seconds: dict[ChannelKind, Channel] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """Where everything that is written lies."""
        return self.settings.home

    @property
    def keys(self) -> Path:
        """The folder of the keys that the database does not hold."""
        return self.home / "keys"

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
            offers=load_offers(config("offers"), names),
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
    def clearing(self) -> Clearing | None:
        """What lets a judged message go while nothing has changed; None where the settings want every one judged."""
        from dispatcher.delivery.clear_messages import Clearing

        if not self.settings.clearance:
            return None
        key = hashlib.blake2b(b"clearance", key=self.optout_secret[:64], digest_size=32).digest()
        return Clearing(policy=self.policy, program=resources.program_digest(), key=key)

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

    @cached_property
    def agreements(self) -> AgreementDesk:
        """What recording and importing ask about agreements."""
        from dispatcher.planning.agreement_desk import AgreementDesk

        return AgreementDesk(
            database=self.database,
            open_policy=lambda: self.policy,
            now=self.now,
            random_bytes=self.random_bytes,
        )

    def watch_ledger(self, connection: Connection, request: ImportRequest, creditors: Sequence[str]) -> None:
        """What a ledger that was just read means: for agreements, and for who is on record with several creditors."""
        from dispatcher.people.link_people import link_people

        self.agreements.watch_ledger(connection, request, creditors)
        link_people(connection, on=self.settings.people.link, now=request.now, actor=request.actor)

    def relink_people(self, actor: str) -> None:
        """Bring who is one human in line with the setting."""
        from dispatcher.people.link_people import relink_people

        relink_people(self.database, on=self.settings.people.link, now=self.now(), actor=actor)

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

    def record(self, fact: str, who: str, said: Said, given: Given) -> Recorded:
        """Write down a fact of the table, whatever door it comes by; raises RecordError saying what to mend."""
        from dispatcher.people.domain.agreement_facts import ABOUT_MONEY
        from dispatcher.people.record_fact import record_fact

        def read(text: str) -> ReplyMeaning:
            return self.read_reply(text)  # the table of words is opened where there are words to read

        if fact not in ABOUT_MONEY:
            return record_fact(self.database, fact, who, said, given, read=read)
        writers = self.agreements.writers()
        recorded = record_fact(self.database, fact, who, said, given, read=read, writers=writers)
        self.agreements.tell_at_once(said.actor, recorded.debts)
        return recorded

    @cached_property
    def optout_secret(self) -> bytes:
        """The key of the debtors' links, made where none was ever used; raises LinkKeyError."""
        from dispatcher.people.link_key import read_link_key

        return read_link_key(self.database, self.keys)

    @property
    def secret_box(self) -> SecretBox:
        """What seals the secrets of users' phones."""
        from dispatcher.users.sealed_secrets import open_box

        return open_box(self.database, self.keys)

    @cached_property
    def sign_in_provider(self) -> ProviderClient | None:
        """The OpenID provider that users may sign in by, if one is set."""
        from dispatcher.users.ask_provider import ProviderClient
        from dispatcher.users.domain.provider import Provider

        oidc = self.settings.oidc
        if not oidc.issuer:
            return None
        provider = Provider(
            issuer=oidc.issuer,
            client_id=oidc.client_id,
            client_secret=oidc.client_secret.get_secret_value(),
            redirect_uri=f"{self.settings.public_url.rstrip('/')}/sign-in/provider/answer",
            name_claim=oidc.name_claim,
            roles_claim=oidc.roles_claim,
            roles=oidc.roles,
        )
        return ProviderClient(provider)

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

    def preparing(self, actor: str) -> Preparing:
        """What preparing messages works with."""
        from dispatcher.writing.prepare_messages import Preparing

        self.follow_configuration()
        return Preparing(
            policy=self.policy,
            find_template=self.templates.find,
            from_address=self.settings.channels.email.sender,
            actor=actor,
            remember=self.templates.remember,
            clear=self._clear,
        )

    def _clear(
        self, connection: Connection, messages: Sequence[Message], files: MessageFiles, now: datetime
    ) -> ClearOne:
        """What clears messages whose texts are being made."""
        if self.clearing is None:
            return lambda _message, _report: None
        return self.clearing.clear_prepared(connection, messages, files, now)

    def judge(
        self, connection: Any, messages: Sequence[Message], bodies: Mapping[str, bytes], now: datetime
    ) -> Mapping[str, Verdict]:
        """The second gate."""
        from dispatcher.delivery.judge_messages import JudgingContext, judge_messages

        self.follow_configuration()
        context = JudgingContext(policy=self.policy, check_content=self.templates.check)
        if self.clearing is None:
            return judge_messages(connection, messages, bodies=bodies, now=now, context=context)
        from dispatcher.delivery.clear_messages import judge_or_clear

        return judge_or_clear(
            connection, messages, bodies=bodies, now=now, context=context, clearing=self.clearing
        )

    def seal(self, *, after_restore: bool = False) -> str:
        """Seal the log; returns the newest seal's root. `after_restore` writes down what a restored copy lost."""
        from dispatcher.record.seal_log import seal_log
        from dispatcher.record.storage.seal_journal import SealJournal
        from dispatcher.record.storage.sealing_keys import SealingKeys

        journal, keys = SealJournal(self.home / "seals.jsonl"), SealingKeys(self.keys)
        now = self.real_now()
        return seal_log(self.database, keys, journal, now=now, after_restore=after_restore).root

    def channel(self, kind: ChannelKind) -> Channel:
        """The opened channel, one for the whole process; raises SettingsError where it must not be used yet."""
        from channels.registry import open_channel

        if kind not in self._channels:
            self.refuse_if_not_ready()
            self._channels[kind] = open_channel(kind, self.settings.channel(kind))
        return self._channels[kind]

    def second_channel(self, kind: ChannelKind) -> Channel | None:
        """The provider that takes over while the first one fails, opened likewise; None where there is none."""
        from channels.registry import open_channel

        settings = self.settings.second_channel(kind)
        if settings is None:
            return None
        if kind not in self._seconds:
            self.refuse_if_not_ready()
            self._seconds[kind] = open_channel(kind, settings)
        return self._seconds[kind]

    def provider(self, kind: ChannelKind, name: str) -> Channel:
        """The channel's provider of that name, else its first."""
        second = self.second_channel(kind)
        return second if second is not None and second.provider == name else self.channel(kind)

    def accounts(self, kind: ChannelKind) -> list[Account]:
        """The accounts of a channel's providers that can be asked, opened anew."""
        from channels.registry import open_account

        self.refuse_if_not_ready()
        opened = (open_account(settings) for settings in self.settings.providers(kind))
        return [account for account in opened if account is not None]

    def refuse_if_not_ready(self) -> None:
        """Raise SettingsError while a real provider is set and something it needs is not."""
        if obstacles := self.settings.obstacles():
            raise SettingsError("\n".join(obstacles))

    def close(self) -> None:
        """Give everything back."""
        for channel in (*self._channels.values(), *self._seconds.values()):
            channel.close()
        self.database.close()

    def _now(self) -> datetime:
        """By whichever clock the program has at the moment of asking."""
        return self.now()

    def _make_token(self, person: str, medium: str, contact_point_id: int) -> str:
        from dispatcher.people.domain.optout_token import OptOutLink, make_token

        return make_token(
            self.optout_secret, OptOutLink(person=person, medium=medium, contact_point_id=contact_point_id)
        )


def open_dispatcher(
    settings: Settings | None = None, *, now: datetime | None = None, upgrade: bool = True
) -> Dispatcher:
    """Open settings and database. `now` sets the business clock, which real channels refuse."""
    # A day makes many values that live until its end: looking for garbage among them at Python's usual pace costs
    # planning a seventh of its time.
    gc.set_threshold(50_000, 20, 100)
    settings = settings or load_settings()
    settings.refuse_to_leave_practice()
    if now is not None:
        _refuse_clock(settings)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings.effective_database_url)
    if upgrade:
        _bring_up_to_date(database)
    clock = clock_from(now) if now is not None else real_clock
    return Dispatcher(settings=settings, database=database, now=clock, clock_is_set=now is not None)


def _bring_up_to_date(database: Database) -> None:
    """SQLite is ours alone and is migrated as needed; PostgreSQL is migrated by `dispatcher db upgrade`."""
    has, wants = migrate.current(database)
    if has == wants:
        return
    if (database.is_sqlite or not has) and not database.is_read_only:
        migrate.upgrade(database)
        return
    raise SettingsError(migrate.what_to_do(has))


def _refuse_clock(settings: Settings) -> None:
    real = [kind.value for kind in ChannelKind if not settings.is_rehearsal(kind)]
    if real:
        raise SettingsError(
            f"--now is refused while {', '.join(real)} can reach people: set the provider to folder, "
            "or its base URL or host to loopback"
        )
