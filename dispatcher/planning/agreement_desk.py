"""What recording and importing ask about agreements: who writes them down, what facts mean, what follows at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher.agreements import write_facts
from dispatcher.agreements.accept_by_paying import paid_on_debts
from dispatcher.agreements.end import find
from dispatcher.agreements.ledger import watch_ledger
from dispatcher.agreements.storage.arrangements import of_debts, of_references
from dispatcher.agreements.watch import AgreementRules, Watcher, look_again
from dispatcher.database.engine import Connection, Database
from dispatcher.people.domain.facts import Given
from dispatcher.people.hear_words import Read
from dispatcher.people.record_fact import Writer, record_fact
from dispatcher.people.recording import Recorded, Said
from dispatcher.planning.plan_reminders import plan_at_once
from dispatcher.planning.policy import Policy
from dispatcher.planning.storage.candidates import strategies_of
from dispatcher.portfolio.import_portfolio import ImportRequest
from dispatcher.values.message_id import RandomBytes


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementDesk:
    """Agreements under one configuration, which is opened where it is first needed."""

    database: Database
    open_policy: Callable[[], Policy]
    now: Callable[[], datetime]
    random_bytes: RandomBytes

    def rules(self) -> AgreementRules:
        """What agreements are made by."""
        policy = self.open_policy()
        return AgreementRules(
            offers=policy.offers,
            strategy_of=lambda connection, ids: strategies_of(
                connection, policy.strategies, ids, segments=policy.segments, as_of=self.now().date()
            ),
            segments=policy.segments,
        )

    def writers(self, replaces: int | None = None) -> Mapping[str, Writer]:
        """Who writes facts about agreements and payments down."""
        return write_facts.writers(self.rules, self.watch_payment, replaces=replaces)

    def watch_ledger(self, connection: Connection, request: ImportRequest, creditors: Sequence[str]) -> None:
        """What a ledger that was just read means; its messages are the next run's to plan."""
        watch_ledger(
            connection, creditors, self.rules(), as_of=request.as_of, now=request.now, actor=request.actor
        )

    def watch_payment(self, connection: Connection, debts: Sequence[int], said: Said) -> None:
        """What a payment that was just recorded, or taken back, means."""
        watcher = Watcher(now=said.now, actor=said.actor, as_of=said.now.date())
        look_again(connection, of_debts(connection, debts), watcher)
        paid_on_debts(connection, debts, self.rules, watcher)

    def replace(self, key: int, fact: str, said: Said, given: Given, read: Read) -> Recorded:
        """Put another arrangement in the place of one, on its debts; raises RecordError and leaves it standing."""
        with self.database.reading() as connection:
            old = find(connection, key)
        words = {**given, "debt": [debt.reference for debt in old.debts]}
        who = old.parties[0].reference
        recorded = record_fact(
            self.database, fact, who, said, words, read=read, writers=self.writers(replaces=key)
        )
        self.tell_at_once(said.actor, recorded.debts)
        return recorded

    def tell_at_once(self, actor: str, debts: Sequence[str]) -> int:
        """Plan what agreed, broken and kept arrangements on debts call for; returns how many messages."""
        with self.database.reading() as connection:
            ids = of_references(connection, debts)
        if not ids:
            return 0
        return plan_at_once(
            self.database,
            self.open_policy(),
            ids,
            now=self.now(),
            actor=actor,
            random_bytes=self.random_bytes,
        )
