"""A run's summary: due = sent + deferred + held + blocked, by channel and step, with the reasons."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dispatcher.runs.domain.left_open import UNDECIDED, LeftOpen

# Every state of a message under the word by which a summary counts it. `failed` and `unknown` are findings.
WORD_OF_STATE = {
    "accepted": "sent",
    "delivered": "sent",
    "bounced": "sent",
    "returned": "sent",
    "planned": "deferred",
    "queued": "deferred",
    "deferred": "deferred",
    "sending": "deferred",
    "held": "held",
    "cancelled": "blocked",
    "expired": "blocked",
    "failed": "failed",
    "unknown": "unknown",
}
WORD_OF_OUTCOME = {"block": "blocked", "hold": "held", "defer": "deferred"}
WORDS = ("sent", "deferred", "held", "blocked", "failed", "unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonCount:
    """One reason, how many it kept back and under which word."""

    word: str
    pack: str
    rule: str
    reference: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSummary:
    """Counts of one run. The words of `totals` add up to `due`."""

    run_id: int | None
    as_of: date
    due: int
    totals: Mapping[str, int]
    by_channel: Mapping[str, Mapping[str, int]]
    by_step: Mapping[str, Mapping[str, int]]
    reasons: Sequence[ReasonCount]
    others: Mapping[str, int]
    refused_creditors: Mapping[str, str] = field(default_factory=dict)
    template_problems: Sequence[str] = ()
    notes: Sequence[str] = ()  # what the configuration leaves open
    stops: Sequence[str] = ()  # what is stopped, and why
    stopped_by_program: bool = False  # a provider refused everything, or a guard stepped in
    is_contradicted: bool = False  # something was cleared to be sent that the gate would not let go
    left_open: Sequence[LeftOpen] = ()  # of any day, this run's own included
    besides: Mapping[str, Mapping[str, int]] = field(
        default_factory=dict
    )  # by step: planned as it was recorded
    sent_of_earlier_runs: int = 0  # while it ran: what `plan` or a run that died had left, what was deferred
    plan_digest: str = ""
    seal: str = ""

    @property
    def has_findings(self) -> bool:
        """Whether somebody must look: the exit code is then 1."""
        undecided = any(one.state in UNDECIDED for one in self.left_open)
        held = self.totals.get("held", 0)  # a debt held before it was a message is left open nowhere
        refused = self.refused_creditors or self.template_problems
        return bool(undecided or held or refused or self.stopped_by_program or self.is_contradicted)

    def as_json(self) -> dict[str, Any]:
        """The summary as `--json` prints it."""
        return {
            "run_id": self.run_id,
            "as_of": self.as_of.isoformat(),
            "due": self.due,
            **{word: self.totals.get(word, 0) for word in WORDS},
            "by_channel": {channel: dict(counts) for channel, counts in self.by_channel.items()},
            "by_step": {step: dict(counts) for step, counts in self.by_step.items()},
            "reasons": [
                {"word": r.word, "pack": r.pack, "rule": r.rule, "reference": r.reference, "count": r.count}
                for r in self.reasons
            ],
            "not_due": dict(self.others),
            "left_open": {one.state: one.as_json(self.as_of) for one in self.left_open},
            "besides": {step: dict(counts) for step, counts in self.besides.items()},
            "sent_of_earlier_runs": self.sent_of_earlier_runs,
            "refused_creditors": dict(self.refused_creditors),
            "template_problems": list(self.template_problems),
            "notes": list(self.notes),
            "stops": list(self.stops),
            "plan_digest": self.plan_digest,
            "seal": self.seal,
        }


Counts = dict[str, Counter[str]]


def count_messages(states: Mapping[tuple[str, str, str], int]) -> tuple[Counts, Counts]:
    """(step, channel, state) counts -> by channel and by step, under the summary's words."""
    by_channel: dict[str, Counter[str]] = {}
    by_step: dict[str, Counter[str]] = {}
    for (step, channel, state), count in states.items():
        word = WORD_OF_STATE[state]
        by_channel.setdefault(channel, Counter())[word] += count
        by_step.setdefault(step, Counter())[word] += count
    return by_channel, by_step
