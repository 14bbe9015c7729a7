"""Decisions per second of the gate on one core: a realistic mix of facts under three packs, reasons included.

python -m benchmarks.decide [--seconds 3] [--profile]; the mix: e-mails, texts and letters in six American zones and
Mexico City, one or two candidate zones, zero to six earlier contacts, some opt-outs, wishes and attorneys; each
instant once in the day and once at night.
"""

import argparse
import cProfile
import pstats
import random
import statistics
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dispatcher.gate.facts import (
    Action,
    Attorney,
    ContactFacts,
    ContentFindings,
    DebtFacts,
    HistoryEntry,
    InconvenientTime,
    OptOut,
    ZoneCandidate,
)
from dispatcher.gate.gate import decide
from dispatcher.gate.rules import RulePack
from dispatcher.rulebook.packs import load_rule_packs

ROUNDS = 5
ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Mexico_City",
)
CHANNELS = ("email", "email", "email", "sms", "sms", "letter")
START = datetime(2026, 3, 1, tzinfo=UTC)
PACKS = ("DEFAULT", "US-REGF", "US-TCPA")


def mix(count: int, seed: int = 1) -> list[ContactFacts]:
    """The same facts for the same seed."""
    chance = random.Random(seed)
    return [_facts(chance, START + timedelta(minutes=chance.randrange(300 * 24 * 60))) for _ in range(count)]


def _facts(chance: random.Random, now: datetime) -> ContactFacts:
    zones = chance.sample(ZONES, 2 if chance.random() < 0.3 else 1)
    sources = ("residence", "mobile_area_code")
    return ContactFacts(
        now=now,
        action=Action(
            channel=chance.choice(CHANNELS),
            to="a@b.example",
            debts=("D1",),
            content=ContentFindings(
                optout_notice=True, sender_identified=True, language="en", disclosure_language="en"
            ),
        ),
        zones=tuple(
            ZoneCandidate(source=source, zone=zone) for source, zone in zip(sources, zones, strict=False)
        ),
        history=tuple(_earlier(chance, now) for _ in range(chance.randrange(7))),
        opt_outs=(OptOut(address="c@d.example", medium="email", at=now),) if chance.random() < 0.1 else (),
        inconvenient_times=(InconvenientTime(days=("FR",), since="17:00"),) if chance.random() < 0.05 else (),
        attorney=Attorney() if chance.random() < 0.03 else None,
        debt=DebtFacts(due=date(2026, 2, 1)),
        sender_role="third_party_collector",
        authorised_channels=None,
    )


def _earlier(chance: random.Random, now: datetime) -> HistoryEntry:
    channel, outcome = chance.choice(
        (("email", "sent"), ("sms", "sent"), ("call", "unanswered"), ("call", "conversation"))
    )
    return HistoryEntry(
        at=now - timedelta(minutes=chance.randrange(20 * 24 * 60)),
        channel=channel,
        outcome=outcome,
        debts=("D1",),
    )


def measure(facts: list[ContactFacts], packs: tuple[RulePack, ...], seconds: float) -> float:
    """Decisions a second of processor time, the median of a few rounds over the whole mix."""
    rates = []
    for _ in range(ROUNDS):
        start, count = time.process_time(), 0
        while time.process_time() - start < seconds / ROUNDS:
            for one in facts:
                decide(one, packs)
            count += len(facts)
        rates.append(count / (time.process_time() - start))
    return statistics.median(rates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    packs = load_rule_packs(Path(__file__).parent.parent / "config" / "rules").named(PACKS)
    facts = mix(2_000)
    outcomes = Counter(decide(one, packs).outcome.value for one in facts)
    print(f"{len(facts)} questions under {', '.join(PACKS)}: {dict(outcomes)}")
    print(f"{measure(facts, packs, arguments.seconds):,.0f} decisions a second on one core")
    if arguments.profile:
        with cProfile.Profile() as profile:
            for one in facts:
                decide(one, packs)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
