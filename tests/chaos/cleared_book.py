"""A book of cleared messages for the chaos tests, what people say meanwhile, and what must have come of it."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import insert, select

from dispatcher.database.engine import Database
from dispatcher.database.tables.delivery import tasks
from dispatcher.database.tables.log import log_entries
from dispatcher.database.tables.messages import messages
from dispatcher.database.tables.people import consents
from dispatcher.database.tables.portfolio import contact_points, debtors, debts
from dispatcher.messages.storage import contents
from dispatcher.people.record_hold import record_hold
from dispatcher.people.record_opt_out import record_opt_out
from dispatcher.people.recording import Said
from dispatcher.runs.storage import run_totals
from tests.builders import TODAY, creditor_of, plan
from tests.delivery.clearances import HERE, NOW, Desk, make_ready, the_policy

SAID = Said(now=NOW, actor="desk:maria", source="call", note="")
FORBIDS = {"opted_out", "hold_recorded"}


@dataclass
class ClearedBook:
    """Everybody's message, and who has said something while it was under way."""

    messages: dict[str, str]  # reference -> message
    dice: random.Random
    spoken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, database: Database, count: int, body: bytes, seed: int) -> "ClearedBook":
        """So many people with a debt each, their messages cleared."""
        with database.writing() as connection:
            creditor = creditor_of(connection, HERE)
            ids = range(1, count + 1)
            own = {"creditor_id": creditor, "language": "en", "country": "US", "region": "NY"}
            people = [
                {"id": n, "person": f"p{n}", "reference": f"D{n}", "name": f"Ana {n}", **own} for n in ids
            ]
            connection.execute(insert(debtors), people)
            points = [{"debtor_id": n, "medium": "email", "address": f"d{n}@debtors.example"} for n in ids]
            connection.execute(insert(contact_points), points)
            owed = {"creditor_id": creditor, "currency": "USD", "balance_minor": 10_000}
            due = TODAY - timedelta(days=1)
            rows = [{"debtor_id": n, "reference": f"R{n}", "due_date": due, **owed} for n in ids]
            connection.execute(insert(debts), rows)
        # A death takes an offer out of what a text is made from, and nobody here would write that text anew.
        desk = Desk.of(the_policy(offers=()))
        plan(database, TODAY, desk.context.policy)
        cleared = make_ready(database, desk, contents.Content.of(body, "message/rfc822", "Hello"))
        assert len(cleared) == count
        with database.writing() as connection:
            run_totals.release_plans(connection, run_totals.waiting_plans(connection, mode="live"))
            found = connection.execute(select(messages.c.recipient_id, messages.c.id)).all()
        return cls(messages={f"D{who}": key for who, key in found}, dice=random.Random(seed))

    def say(self, database: Database) -> None:
        """Somebody says something: mostly what forbids their message, if it has not gone."""
        left = sorted(self.messages.keys() - self.spoken)
        if len(self.spoken) >= len(self.messages) / 3:
            return
        who = self.dice.choice(left)
        what = self.dice.choice(("stop", "death", "consent"))
        if what == "stop":
            record_opt_out(database, f"{HERE}/{who}", SAID, medium="email")
        elif what == "death":
            record_hold(database, f"{HERE}/{who}", "deceased", SAID)
        else:
            with database.writing() as connection:
                values = {"kind": "contact", "given_on": TODAY, "recorded_at": NOW}
                connection.execute(insert(consents).values(debtor_id=int(who[1:]), **values))
        self.spoken.add(who)

    def audit(self, database: Database) -> Counter[str]:
        """What was forbidden has begun before it was said, or not at all; returns how attempts came about."""
        with database.reading() as connection:
            states = dict(connection.execute(select(messages.c.id, messages.c.state)).all())
            told = connection.execute(
                select(
                    log_entries.c.event, log_entries.c.message_id, log_entries.c.person, log_entries.c.entry
                ).order_by(log_entries.c.id)
            ).all()
            assert connection.scalars(select(tasks.c.kind)).all() == []  # no clearance was contradicted
        forbidden: set[str] = set()
        begun: Counter[str] = Counter()
        for row in told:
            if row.event in FORBIDS:
                forbidden.add(row.person)
            if row.event == "attempting":
                assert row.person not in forbidden, row.entry
                begun["cleared" if '"cleared"' in row.entry else "judged"] += 1
        assert set(states.values()) <= {"accepted", "unknown", "cancelled"}
        assert {key for key, state in states.items() if state == "cancelled"} <= {
            self.messages[f"D{person[1:]}"] for person in forbidden
        }
        return begun
