"""What must have happened first: the due date, written notices and their waiting days, validation dates."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from dispatcher.gate.act import Act
from dispatcher.gate.facts import NOTHING_ON_FILE, Kind
from dispatcher.gate.guards.content import is_communication
from dispatcher.gate.guards.guard import Guard, Refusal, block, defer, hold
from dispatcher.gate.hours import NO_DAYS
from dispatcher.values.zones import day_number, day_of


@dataclass(frozen=True, kw_only=True, slots=True)
class AfterDueDate(Guard):
    """Collection begins `days` after the due date (0: on it), once every place has reached that day."""

    days: int = 1

    def refuse(self, act: Act) -> Refusal | None:
        """A deferral to the first day of collection."""
        if act.due_day is None or act.first_day >= act.due_day + self.days:
            return None
        due = day_of(act.due_day)
        after = "the day after" if self.days == 1 else f"{self.days} days after"
        detail = f"due {due}; collection begins {after}" if self.days else f"not due before {due}"
        return defer(act.when_day_begins(act.due_day + self.days), detail, due=due)


@dataclass(frozen=True, kw_only=True, slots=True)
class CourtesyWindow(Guard):
    """A courtesy reminds of a due date to come: until that is over at some place, at most `days_before` it.

    Without `days_before` the strategy's own day decides how early.
    """

    days_before: int | None = None

    def refuse(self, act: Act) -> Refusal | None:
        """A deferral to the window's first day; a block once the due date has passed."""
        if act.due_day is None:
            return None
        due = day_of(act.due_day)
        if act.last_day > act.due_day:
            return block(f"the debt was due {due}: a courtesy comes too late", due=due)
        if self.days_before is None or act.first_day >= act.due_day - self.days_before:
            return None
        begins = act.due_day - self.days_before
        detail = f"due {due}; a courtesy reminds at most {self.days_before} days before"
        return defer(act.when_day_begins(begins), detail, due=due)

    def open_until(self, act: Act) -> int | None:
        """The end of the due date, where it ends first."""
        return None if act.due_day is None else act.when_day_may_begin(act.due_day + 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """When a notice sent by one medium counts as received where nobody knows: so many days after it was sent."""

    days: int
    business: bool = False


SENT, RECEIVED = "sent", "received"


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenNotice(Guard):
    """A written notice first, then `wait_days` days.

    Counted from the day it was `sent`, or `received`: the recorded receipt, else the one assumed for its medium
    (`assumed_receipt`; an unknown medium takes the longest). `business`: Saturdays, Sundays and `days_off` do not
    count. `costs_only`: the rule stops messages that claim costs, and no others. A notice that came back is none.
    """

    subject: ClassVar[str | None] = "notice_sent"

    wait_days: int = 0
    start: str = SENT
    business: bool = False
    assumed_receipt: Mapping[str, Receipt] = field(default_factory=dict)
    costs_only: bool = False
    days_off: Container[int] = NO_DAYS

    def refuse(self, act: Act) -> Refusal | None:
        """A block without the notice, a deferral while the days run."""
        sent = act.facts.notice_sent
        if sent is None or (self.costs_only and not _claims_costs(act)):
            return None
        if sent is NOTHING_ON_FILE:
            return block("the written notice that must come first was not sent")
        if act.facts.notice_returned:
            return block(
                f"the notice sent {sent} came back; a notice that did not arrive is none", notice=sent
            )
        begins = self._add(act, self._start(act, sent), self.wait_days, business=self.business)
        if act.first_day >= begins:
            return None
        days = f"{self.wait_days} business days" if self.business else f"{self.wait_days} days"
        after = "it" if self.start == SENT else f"its receipt, {day_of(self._start(act, sent))}"
        return defer(
            act.when_day_begins(begins), f"notice sent {sent}; contact {days} after {after}", notice=sent
        )

    def _start(self, act: Act, sent: date) -> int:
        if self.start == SENT:
            return day_number(sent)
        received = act.facts.notice_received
        if isinstance(received, date):
            return day_number(received)
        channel = act.facts.notice_channel or ""
        known = self.assumed_receipt.get(channel)
        assumed = (known,) if known else tuple(self.assumed_receipt.values()) or (Receipt(days=0),)
        return max(self._add(act, day_number(sent), one.days, business=one.business) for one in assumed)

    def _add(self, act: Act, day: int, days: int, *, business: bool) -> int:
        return business_day(act, day, days, self.days_off) if business else day + days


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeWithin(Guard):
    """The validation notice is owed within `days` of the first contact; once they have passed, a person decides."""

    subject: ClassVar[str | None] = "validation_notice_sent"

    days: int
    kinds: frozenset[str]

    def refuse(self, act: Act) -> Refusal | None:
        """A hold from the day after the last day for the notice."""
        if act.facts.validation_notice_sent is not NOTHING_ON_FILE or act.kind in self.kinds:
            return None
        last = self._last_day(act)
        if last is None or act.last_day <= last:
            return None
        return hold(
            f"the notice was owed by {day_of(last)}, {self.days} days after the first contact, and was not sent",
            owed_by=day_of(last),
        )

    def open_until(self, act: Act) -> int | None:
        """The end of the last day for the notice."""
        last = self._last_day(act)
        return act.when_day_may_begin(last + 1) if last is not None and last >= act.last_day else None

    def _last_day(self, act: Act) -> int | None:
        """For the notice, after the first contact about these debts that is known; None: there was none."""
        asked = set(act.action.debts)
        contacts = [
            past.at
            for past in act.history
            if not past.inbound
            and is_communication(past.entry)
            and (not past.entry.debts or not asked or asked.intersection(past.entry.debts))
        ]
        if not contacts:
            return None
        return min(place.zone.day(min(contacts)) for place in act.places) + self.days


def business_day(act: Act, day: int, days: int, days_off: Container[int]) -> int:
    """The day that lies `days` business days after another: Saturdays, Sundays and days off do not count."""
    while days:
        day += 1
        days -= (day + 3) % 7 < 5 and day not in days_off and day not in act.days_off
    return day


def _claims_costs(act: Act) -> bool:
    content = act.action.content
    return content is not None and content.claims_costs is not False


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferNotice(Guard):
    """Who bought a credit tells the debtor so before the first collection."""

    subject: ClassVar[str | None] = "debt.transfer_notice_sent"

    def refuse(self, act: Act) -> Refusal | None:
        """A block until the transfer was communicated."""
        debt = act.facts.debt
        bought = debt.acquired_by_credit_purchaser or act.facts.sender_role in {
            "debt_buyer",
            "credit_purchaser",
        }
        if not bought or debt.transfer_notice_sent is None:
            return None
        if (
            debt.transfer_notice_sent is NOTHING_ON_FILE
            or day_number(debt.transfer_notice_sent) > act.first_day
        ):
            return block("the debtor was not told of the transfer", transfer_notice=debt.transfer_notice_sent)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidationDates(Guard):
    """The end date printed in a validation notice: assumed receipt, then the period.

    Receipt is assumed `receipt_days` after sending, Saturdays, Sundays and federal holidays not counted; the
    period ends `period_days` calendar days after receipt.
    """

    subject: ClassVar[str | None] = "action.content"

    receipt_days: int = 5
    period_days: int = 30
    days_off: Container[int] = NO_DAYS

    def refuse(self, act: Act) -> Refusal | None:
        """A block for a notice that ends too soon."""
        content = act.action.content
        if act.kind != Kind.VALIDATION_NOTICE or content is None or content.validation_period_end is None:
            return None
        earliest = self._receipt(act) + self.period_days
        if day_number(content.validation_period_end) >= earliest:
            return None
        printed = content.validation_period_end
        return block(
            f"the notice ends its period on {printed}; the earliest lawful end is {day_of(earliest)}",
            printed=printed,
        )

    def _receipt(self, act: Act) -> int:
        return business_day(act, act.last_day, self.receipt_days, self.days_off)

    def open_until(self, act: Act) -> int | None:
        """The next local day, on which the same date may be too soon."""
        content = act.action.content
        printed = content.validation_period_end if content else None
        if act.kind != Kind.VALIDATION_NOTICE or printed is None:
            return None
        return act.when_day_may_begin(act.last_day + 1)
