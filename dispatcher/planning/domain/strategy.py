"""A strategy: the ladder of steps by which debts that match are reminded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from channels.kind import ChannelKind
from dispatcher.agreements.domain.follow_ups import On
from dispatcher.planning.domain.timing import Hours

DEFAULT_VALID_DAYS = 3
LAST_DAY_OF_A_COURTESY = 0  # later, a step collects: the strategies' file says so

ASK, GO_ON, RESTART = "ask", "go_on", "restart"


STANDARD_POST = "standard"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One rung: on day `day` after the due date (negative: before), by the first channel that works."""

    name: str
    kind: str  # courtesy, collection, notice
    day: int
    channels: tuple[ChannelKind, ...]
    template: str
    valid_days: int = DEFAULT_VALID_DAYS
    needs_handover_decision: bool = False  # a final notice goes out only where a person decided to hand over
    next_channel_on_bounce: bool = False  # a bounce frees the next channel for this step
    # Hours of a paused channel after which the next one is used; None: never
    paused_wait: float | None = None
    vary: bool = False  # channels that were not used last come first
    notice: str = ""  # of a notice: which one of the law it is
    post: str = STANDARD_POST  # as what a letter of it is posted
    where: str = field(default="", compare=False, repr=False)  # FILE:LINE of it, for errors

    def leaves(self, paused_for: timedelta | None) -> bool:
        """Whether a channel that has been paused for so long is left for the next one."""
        return (
            paused_for is not None
            and self.paused_wait is not None
            and paused_for >= timedelta(hours=self.paused_wait)
        )

    @property
    def is_courtesy(self) -> bool:
        """Whether it is skipped once the due date has passed."""
        return self.kind == "courtesy"


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowUp:
    """A message that an arrangement's event brings, `day` calendar days from it."""

    name: str
    on: On
    channels: tuple[ChannelKind, ...]
    template: str
    day: int = 0
    valid_days: int = DEFAULT_VALID_DAYS
    where: str = field(default="", compare=False, repr=False)  # FILE:LINE of it, for errors

    @property
    def step(self) -> Step:
        """As the planner and the outbox know it; it stands on no ladder."""
        return Step(
            name=self.name,
            kind=self.on.kind,
            day=self.day,
            channels=self.channels,
            template=self.template,
            valid_days=self.valid_days,
            where=self.where,
        )


CONVERSATION, VOICEMAIL, TRIES = "conversation", "voicemail", "tries"
DEFAULT_TRIES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class CallStep:
    """A call that somebody should make on day `day`, behind the written step before it: a rung where it was made.

    `done_by`: what makes the step count as done, of CONVERSATION, VOICEMAIL and TRIES (the last try, whoever answers).
    `tries`: so many that reached nobody, then it is given up. A call that is not made keeps nothing back: the written
    step behind it comes by the one before.
    """

    name: str
    day: int
    valid_days: int = DEFAULT_VALID_DAYS
    done_by: tuple[str, ...] = (CONVERSATION,)
    tries: int = DEFAULT_TRIES

    @property
    def step(self) -> Step:
        """As what forbids a step reads it."""
        return Step(
            name=self.name,
            kind="collection",
            day=self.day,
            channels=(),
            template="",
            valid_days=self.valid_days,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """One side of an experiment: what differs from the step; empty: nothing does, it is the champion."""

    name: str
    template: str = ""
    channels: tuple[ChannelKind, ...] = ()
    hours: Hours | None = None
    day: int | None = None  # on which its people come to the step; None: on the step's own
    where: str = field(default="", compare=False, repr=False)  # FILE:LINE of its template, for errors

    def of(self, step: Step) -> Step:
        """The step as this arm has it."""
        return replace(
            step,
            template=self.template or step.template,
            channels=self.channels or step.channels,
            where=self.where or step.where,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Experiment:
    """Arms of one step, each person in one of them from the first day to the last; two people approved it."""

    name: str
    step: str
    arms: tuple[Arm, ...]
    starts_on: date
    ends_on: date
    approved_by: tuple[str, ...]

    def runs_on(self, day: date) -> bool:
        """Whether people are in it on a day."""
        return self.starts_on <= day <= self.ends_on

    @property
    def moves_days(self) -> bool:
        """Whether its arms come on several days: then it counts from the first of them for everybody."""
        return any(arm.day is not None for arm in self.arms)


@dataclass(frozen=True, kw_only=True, slots=True)
class HandoverRule:
    """When a debt is put before a person who decides about passing it to counsel; whichever comes first."""

    after_days: int | None = None  # after the last step's message, without an arrangement
    before_time_barred_days: int | None = None
    needs_second: bool = False


class LastRung(NamedTuple):
    """A rung that may be a ladder's last one. `ends`: the day from which its end counts, with the calls behind it."""

    name: str
    day: int
    ends: int


TASK, HANDOVER = "task", "handover"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """What comes when every step has gone out and the debt is open `after_days` later.

    First `rounds` more rounds, each from the step `begins` on, never for a time-barred debt; then a task for a person,
    or the hand-over question, which the strategy's `handover` puts.
    """

    after_days: int = 10
    rounds: int = 0
    begins: str = ""
    then: str = TASK


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Which debts a strategy takes: plain equality, lists and ranges; empty means every debt."""

    equals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column -> allowed values
    balance_min: Decimal | None = None
    balance_max: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Strategy:
    """`join`: none (a message a debt) or debtor (one for all that a person owes); `parties`: debtor or all who owe it.

    `minimum`: currency -> the least that a message may ask for in all, in that currency's main unit.
    `due_date_moved`: what the ladder does when the creditor changes a debt that was written about: ask (a person
    decides), go_on, or restart: it begins anew, by the new due date.
    """

    name: str
    steps: tuple[Step, ...]  # in order of their days
    match: Match = Match()
    minimum: Mapping[str, Decimal] = field(default_factory=dict)
    join: str = "none"
    parties: str = "debtor"
    guarantors: bool = False
    due_date_moved: str = ASK
    follow_ups: tuple[FollowUp, ...] = ()
    on_broken: str = ""  # the step that comes after a break; empty: the next one
    handover: HandoverRule | None = None
    ending: Ending = Ending()
    calls: tuple[CallStep, ...] = ()
    experiments: tuple[Experiment, ...] = ()

    def call(self, name: str) -> CallStep | None:
        """The call of that name."""
        return next((each for each in self.calls if each.name == name), None)

    def trial_of(self, step: Step, on: date) -> Experiment | None:
        """What runs of a step on a day."""
        return next((one for one in self.experiments if one.step == step.name and one.runs_on(on)), None)

    def tried_from(self, step: Step, on: date | None) -> int:
        """The earliest day that an arm running then has for a step; None: of any trial, whenever it runs."""
        trials = [
            one for one in self.experiments if one.step == step.name and (on is None or one.runs_on(on))
        ]
        days = (arm.day for trial in trials for arm in trial.arms if arm.day is not None)
        return min((step.day, *days))

    def written(self) -> tuple[Step, ...]:
        """Its steps, and each as an arm of an experiment has it."""
        tried = [
            arm.of(step)
            for trial in self.experiments
            for step in self.steps
            if step.name == trial.step
            for arm in trial.arms
        ]
        return (*self.steps, *(step for step in tried if step not in self.steps))

    def follow_up(self, name: str) -> FollowUp | None:
        """The follow-up of that name."""
        return next((each for each in self.follow_ups if each.name == name), None)

    def rung_after_break(self, last: str) -> tuple[str, int] | None:
        """(step, day) of the rung to stand on after a break; None where no step asks for anything.

        What comes next is the step that `on_broken` names or the first unsent one behind it, as many days after the
        break as lie between it and the step before. A courtesy makes nothing wait, and where nothing stands before
        it the step's own day is the distance: there the rung has no name. `last`: the last step sent, or empty.
        """
        names = [step.name for step in self.steps]
        called = self.call(last)
        sent = names.index(last) + 1 if last in names else self.written_before(called) if called else 0
        place = max(sent, names.index(self.on_broken) if self.on_broken in names else 0)
        place = next((n for n, step in enumerate(self.steps) if n >= place and not step.is_courtesy), place)
        if place >= len(self.steps):
            end = called or self.steps[-1]
            return None if self.steps[-1].is_courtesy else (end.name, end.day)
        if called is not None and place == sent:
            return called.name, called.day
        before = self.steps[place - 1] if place else None
        if before is not None and not before.is_courtesy:
            return before.name, before.day
        comes = self.steps[place]
        return "", min(before.day if before else 0, comes.day - 1)

    def written_before(self, call: CallStep) -> int:
        """How many of its steps stand before a call."""
        return sum(step.day <= call.day for step in self.steps)

    def step(self, name: str) -> Step | None:
        """The step of that name, of those that are written."""
        return next((step for step in self.steps if step.name == name), None)

    def relations(self) -> tuple[str, ...]:
        """Who besides the debtor is written to."""
        if self.parties != "all":
            return ()
        return ("joint_debtor", "guarantor") if self.guarantors else ("joint_debtor",)

    def joins(self) -> bool:
        """Whether its debts share a message with the others of the person."""
        return self.join == "debtor"

    def before(self, step: Step) -> tuple[Step, ...]:
        """The steps one of which must have been the last for this one to be next, the nearest first.

        A courtesy step may have been skipped, so behind it the step before counts too.
        """
        found: list[Step] = []
        for earlier in reversed(self.steps[: self.steps.index(step)]):
            found.append(earlier)
            if step.is_courtesy or not earlier.is_courtesy:
                break
        return tuple(found)

    @property
    def last_steps(self) -> tuple[Step, ...]:
        """The last step, and the one before it where the last waits for somebody's decision; the last first."""
        found: list[Step] = []
        for step in reversed(self.steps):
            if step.is_courtesy:
                break
            found.append(step)
            if not step.needs_handover_decision:
                break
        return tuple(found)

    @property
    def last_rungs(self) -> tuple[LastRung, ...]:
        """Behind which no step comes: the last steps, and the calls that come behind each of them."""
        found: list[LastRung] = []
        for step in self.last_steps:
            behind = [call for call in self.calls if self.steps[self.written_before(call) - 1] == step]
            ends = max((call.day for call in behind), default=step.day)
            found.append(LastRung(step.name, step.day, ends))
            found += [LastRung(call.name, call.day, ends) for call in behind]
        return tuple(found)

    @property
    def first_contact(self) -> Step | None:
        """The step by which a debt is first asked for: the first that is no courtesy."""
        return next((step for step in self.steps if not step.is_courtesy), None)

    def may_begin(self, step: Step) -> bool:
        """Whether a debt that has had no step yet can begin with this one."""
        earlier = self.steps[: self.steps.index(step)]
        return not earlier or (not step.is_courtesy and all(each.is_courtesy for each in earlier))
