"""Puts the house together: the only place where ports meet adapters, and the only clock (`opened`).

Each part is imported where it is first opened: most commands need two or three of them, and all together take longer
to import than those commands to run.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from channels.kind import ChannelKind
from dispatcher import resources
from dispatcher.bootstrap.configuration import CONFIGURED, Configuration
from dispatcher.bootstrap.opened import Clock, clock_from, real_clock
from dispatcher.bootstrap.providers import Providers
from dispatcher.database import migrate
from dispatcher.database.engine import Connection, Database, open_database
from dispatcher.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from dispatcher.delivery.clear_messages import Clearing
    from dispatcher.delivery.domain.verdict import Verdict
    from dispatcher.messages.domain.message import Message
    from dispatcher.people.domain.facts import Given
    from dispatcher.people.domain.optout_words import ReplyMeaning
    from dispatcher.people.recording import Recorded, Said
    from dispatcher.planning.agreement_desk import AgreementDesk
    from dispatcher.portfolio.domain.import_request import ImportRequest
    from dispatcher.record.stamp_seals import Authority
    from dispatcher.users.ask_provider import ProviderClient
    from dispatcher.users.sealed_secrets import SecretBox
    from dispatcher.writing.message_files import MessageFiles
    from dispatcher.writing.prepare_messages import ClearOne, Preparing


__all__ = ["CONFIGURED", "Clock", "Dispatcher", "clock_from", "open_dispatcher", "real_clock"]


@dataclass
class Dispatcher(Configuration, Providers):
    """The opened program."""

    @cached_property
    def clearing(self) -> Clearing | None:
        """What lets a judged message go while nothing has changed; None where the settings want every one judged."""
        from dispatcher.delivery.clear_messages import Clearing

        if not self.settings.clearance:
            return None
        key = hashlib.blake2b(b"clearance", key=self.optout_secret[:64], digest_size=32).digest()
        return Clearing(policy=self.policy, program=resources.program_digest(), key=key)

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

    def get_ready(self) -> None:
        """Read and compile what judging takes: two seconds that the first message else waits for. Raises ConfigError.

        Of the words that texts are searched for, those of the senders' own languages.
        """
        self.follow_configuration()
        self.templates, self.clearing  # noqa: B018  each is kept once it is opened
        for language in {sender.language for sender in self.policy.senders.values()}:
            if (wording := self.layouts.wording(language)) is not None:
                wording.compile()

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

    def stamp_authority(self) -> Authority | None:
        """Who time-stamps seals; None where nobody is set. Raises StampError where its roots cannot be read."""
        from dispatcher.bootstrap.stamps import stamp_authority

        return stamp_authority(self.settings.seal)

    def close(self) -> None:
        """Give everything back."""
        self.close_channels()
        self.database.close()


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
