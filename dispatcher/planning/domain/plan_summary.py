"""What a planning run came to: counts of its decisions, and the hash by which two plans are compared."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

from dispatcher.gate.decision import Outcome, Reason
from dispatcher.planning.domain.conversation import DueDebt, Mention
from dispatcher.planning.domain.planner import PlannedMessage, RefusedIntent

Decided = PlannedMessage | RefusedIntent
ReasonKey = tuple[str, str, str, str]  # outcome, pack, rule, reference


@dataclass(slots=True)
class PlanSummary:
    """What a planning run came to. Counts are of intents: a debt, or a person's debts in one table."""

    run_id: int | None
    as_of: date
    due: int = 0
    by_outcome: Counter[str] = field(default_factory=Counter)
    by_channel: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_step: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    refused_by_step: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: Counter[ReasonKey] = field(default_factory=Counter)
    refused_reasons: Counter[ReasonKey] = field(default_factory=Counter)
    others: dict[str, int] = field(default_factory=dict)  # debts that were no candidates, by reason
    digest: str = ""
    notes: tuple[str, ...] = ()  # what the configuration leaves open, in sentences

    def add(self, decided: Decided) -> None:
        """Count one decision."""
        self.due += 1
        outcome = outcome_of(decided)
        channel = decided.channel.value if isinstance(decided, PlannedMessage) else "none"
        self.by_outcome[outcome.value] += 1
        self.by_channel[channel][outcome.value] += 1
        self.by_step[decided.intent.step.name][outcome.value] += 1
        keys = {(outcome.value, r.pack, r.rule, r.reference) for r in reasons_of(decided)}
        self.reasons.update(keys)
        if isinstance(decided, RefusedIntent):
            self.refused_by_step[decided.intent.step.name][outcome.value] += 1
            self.refused_reasons.update(keys)

    def as_json(self) -> dict[str, object]:
        """The summary as it is stored with the run."""
        return {
            "due": self.due,
            "by_outcome": dict(self.by_outcome),
            "by_channel": {channel: dict(counts) for channel, counts in self.by_channel.items()},
            "by_step": {step: dict(counts) for step, counts in self.by_step.items()},
            "reasons": _counted(self.reasons),
            "refused": {
                "by_outcome": dict(sum(self.refused_by_step.values(), Counter[str]())),
                "by_step": {step: dict(counts) for step, counts in self.refused_by_step.items()},
                "reasons": _counted(self.refused_reasons),
            },
            "others": self.others,
            "digest": self.digest,
            "notes": list(self.notes),
        }


def _counted(reasons: Counter[ReasonKey]) -> list[dict[str, object]]:
    return [
        {"outcome": key[0], "pack": key[1], "rule": key[2], "reference": key[3], "count": count}
        for key, count in reasons.most_common()
    ]


def outcome_of(decided: Decided) -> Outcome:
    """What was decided."""
    return decided.decision.outcome if isinstance(decided, PlannedMessage) else decided.outcome


def reasons_of(decided: Decided) -> tuple[Reason, ...]:
    """Why it was decided so; what only defers keeps nobody back where something else blocks."""
    reasons = decided.decision.reasons if isinstance(decided, PlannedMessage) else decided.reasons
    if outcome_of(decided) is not Outcome.BLOCK:
        return reasons
    return tuple(reason for reason in reasons if reason.outcome is not Outcome.DEFER) or reasons


def _of_debt(each: DueDebt | Mention) -> str:
    place = each.step.name if isinstance(each, DueDebt) else each.how.value
    return f"{each.debt.full_reference}={each.debt.balance}@{place}"


class PlanDigest:
    """The plan's hash: the same decisions give the same, whatever ids they were stored under."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, decided: Decided) -> None:
        """Take one decision in."""
        intent = decided.intent
        channel = decided.channel.value if isinstance(decided, PlannedMessage) else "-"
        address = decided.point.address if isinstance(decided, PlannedMessage) and decided.point else "-"
        debts = ",".join(_of_debt(each) for each in intent.spoken)
        line = (
            intent.person.full_reference,
            intent.relation,
            debts,
            outcome_of(decided).value,
            channel,
            address,
        )
        self._lines.append("|".join(line))

    def hex(self) -> str:
        """SHA-256 of all decisions, whatever their order."""
        digest = hashlib.sha256()
        for line in sorted(self._lines):
            digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()
