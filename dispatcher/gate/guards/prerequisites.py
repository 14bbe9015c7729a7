"""What must have happened first: the due date, written notices and their waiting days, validation dates."""

from collections.abc import Container
from dataclasses import dataclass
from typing import ClassVar

from dispatcher.gate.act import Act
from dispatcher.gate.facts import NOTHING_ON_FILE, Kind
from dispatcher.gate.guards.guard import Guard, Refusal, block, defer
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
class WrittenNotice(Guard):
    """A written notice first, then `wait_days` calendar days."""

    subject: ClassVar[str | None] = "notice_sent"

    wait_days: int = 0

    def refuse(self, act: Act) -> Refusal | None:
        """A block without the notice, a deferral while the days run."""
        sent = act.facts.notice_sent
        if sent is None:
            return None
        if sent is NOTHING_ON_FILE:
            return block("the written notice that must come first was not sent")
        begins = day_number(sent) + self.wait_days
        if act.first_day >= begins:
            return None
        return defer(
            act.when_day_begins(begins),
            f"notice sent {sent}; contact {self.wait_days} days after it",
            notice=sent,
        )


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
        day, left = act.last_day, self.receipt_days
        while left:
            day += 1
            business = (day + 3) % 7 < 5 and day not in self.days_off and day not in act.days_off
            left -= business
        return day

    def open_until(self, act: Act) -> int | None:
        """The next local day, on which the same date may be too soon."""
        content = act.action.content
        printed = content.validation_period_end if content else None
        if act.kind != Kind.VALIDATION_NOTICE or printed is None:
            return None
        return act.when_day_may_begin(act.last_day + 1)
