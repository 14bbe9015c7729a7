"""Legal status that stops contact: attorney, cease, refusal, dispute, bankruptcy, moratorium, death."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR
from typing import ClassVar

from dispatcher.gate.act import Act
from dispatcher.gate.facts import ORAL_FORMS, Cease
from dispatcher.gate.guards.guard import Guard, Refusal, block, defer
from dispatcher.values.zones import day_number, instant

CALLS = frozenset({"call", "voicemail"})
PERSON, DEBT, ALL_PARTIES = "person", "debt", "all_parties"
REACHES = (PERSON, DEBT, ALL_PARTIES)


def _reaches(reach: str, act: Act) -> bool:
    """Whether a status of somebody else who owes the debt binds this contact too.

    `debt`: those who owe it with them; `all_parties`: those who vouch for it as well.
    """
    return reach == ALL_PARTIES or (reach == DEBT and act.action.recipient.relation != "guarantor")


_WHO_OWE = frozenset({"debtor", "joint_debtor", "guarantor"})
_OF_ANOTHER = "what somebody else who owes this debt has on record protects it"


@dataclass(frozen=True, kw_only=True, slots=True)
class AttorneyRepresents(Guard):
    """No contact with a debtor whose attorney is known, unless the attorney is silent or agrees.

    `acts_for`: the debt alone, or the person in whatever they owe. `reach`: whom of those who owe the debt it binds.
    """

    subject: ClassVar[str | None] = "any_attorney"

    acts_for: str = DEBT
    reach: str = PERSON

    def refuse(self, act: Act) -> Refusal | None:
        """A block while the attorney stands between."""
        own, others = act.facts.attorney, act.facts.co_debtors.attorney
        if own is not None and own.stands_between and (self.acts_for == PERSON or not own.on_other_debts):
            return block("an attorney represents the debtor on this debt")
        if others is not None and others.stands_between and _reaches(self.reach, act):
            return block(_OF_ANOTHER, reach=self.reach)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class CeaseRequest(Guard):
    """A request to cease stops contact from its receipt.

    In writing, or by an electronic medium that we accept for it; `oral_counts`: in any form. An oral request
    stops calls in any case (`oral_stops_calls`). `reach`: whom of those who owe the debt it binds.
    """

    subject: ClassVar[str | None] = "any_cease"

    oral_counts: bool = False
    oral_stops_calls: bool = True
    reach: str = PERSON

    def refuse(self, act: Act) -> Refusal | None:
        """A block once the request is here."""
        cease, others = act.facts.cease, act.facts.co_debtors.cease
        if cease is not None and _received(cease, act.at):
            if self._counts(cease):
                return block("the debtor asked us to cease contact", form=cease.form, received=cease.received)
            if self.oral_stops_calls and cease.form in ORAL_FORMS and act.action.channel in CALLS:
                return block("the debtor asked us orally to stop, which ends calls", received=cease.received)
        if others is not None and _received(others, act.at) and self._counts(others):
            return block(_OF_ANOTHER, reach=self.reach) if _reaches(self.reach, act) else None
        return None

    def _counts(self, cease: Cease) -> bool:
        return self.oral_counts or cease.is_written

    def open_until(self, act: Act) -> int | None:
        """The receipt of a request that is on its way."""
        return _first_receipt((act.facts.cease, act.facts.co_debtors.cease), act.at)


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusalToPay(Guard):
    """A written refusal to pay stops contact from its receipt; `reach`: whom of those who owe the debt it binds."""

    subject: ClassVar[str | None] = "any_refusal"

    reach: str = PERSON

    def refuse(self, act: Act) -> Refusal | None:
        """A block once the refusal is here."""
        refusal, others = act.facts.refusal_to_pay, act.facts.co_debtors.refusal_to_pay
        if refusal is not None and refusal.is_written and _received(refusal, act.at):
            return block("the debtor refused in writing to pay", form=refusal.form, received=refusal.received)
        if others is not None and others.is_written and _received(others, act.at):
            return block(_OF_ANOTHER, reach=self.reach) if _reaches(self.reach, act) else None
        return None

    def open_until(self, act: Act) -> int | None:
        """The receipt of a refusal that is on its way."""
        return _first_receipt((act.facts.refusal_to_pay, act.facts.co_debtors.refusal_to_pay), act.at)


def _received(notice: Cease, at: int) -> bool:
    return notice.received is None or instant(notice.received) <= at


def _first_receipt(notices: Iterable[Cease | None], at: int) -> int | None:
    received = [instant(each.received) for each in notices if each is not None and each.received is not None]
    return min((each for each in received if each > at), default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingDispute(Guard):
    """A dispute stops collection until verification is sent.

    `written_in_period`: only a written dispute within the validation period counts; else any, at any time.
    """

    subject: ClassVar[str | None] = "dispute"

    written_in_period: bool = True

    def refuse(self, act: Act) -> Refusal | None:
        """A block until the verification."""
        dispute = act.facts.dispute
        if dispute is None or (self.written_in_period and dispute.form in ORAL_FORMS):
            return None
        if dispute.received is not None and day_number(dispute.received) > act.last_day:
            return None
        ends = dispute.validation_period_end or act.facts.validation_period_end
        if (
            self.written_in_period
            and dispute.received is not None
            and ends is not None
            and dispute.received > ends
        ):
            return None
        if dispute.verification_sent is not None and day_number(dispute.verification_sent) <= act.last_day:
            return None
        return block("the debtor disputes the debt and no verification was sent", received=dispute.received)


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingOriginalCreditorRequest(Guard):
    """A written request for the original creditor, made in the validation period, stops collection until answered."""

    subject: ClassVar[str | None] = "original_creditor_request"

    def refuse(self, act: Act) -> Refusal | None:
        """A block until the answer."""
        request = act.facts.original_creditor_request
        if request is None or request.answered is not None or request.form in ORAL_FORMS:
            return None
        ends = act.facts.validation_period_end
        if request.received is not None and ends is not None and request.received > ends:
            return None
        return block(
            "the debtor asked for the original creditor and has no answer", received=request.received
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Bankruptcy(Guard):
    """A pending bankruptcy stays every act to collect."""

    subject: ClassVar[str | None] = "any_bankruptcy"

    reach: str = PERSON

    def refuse(self, act: Act) -> Refusal | None:
        """A block while the case is pending."""
        if act.facts.bankruptcy_pending:
            return block("a bankruptcy case is pending")
        if act.facts.co_debtors.bankruptcy_pending and _reaches(self.reach, act):
            return block("a stay protects everybody who owes this debt", reach=self.reach)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class BreathingSpace(Guard):
    """A moratorium: no demand until it is over."""

    subject: ClassVar[str | None] = "any_breathing_space"

    reach: str = PERSON

    def refuse(self, act: Act) -> Refusal | None:
        """A deferral to the day after it; a block where no end is known."""
        own, others = act.facts.breathing_space_until, act.facts.co_debtors.breathing_space_until
        ends = [own] if own else []
        ends += [others] if others and _reaches(self.reach, act) else []
        if not ends:
            return None
        until = max(ends)
        who = "the debtor has breathing space" if until == own else "a moratorium protects this debt"
        if until.year == MAXYEAR:
            return block(f"{who} with no end on file")
        if act.first_day >= day_number(until) + 1:
            return None
        return defer(act.when_day_begins(day_number(until) + 1), f"{who} until {until}", until=until)


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtorDeceased(Guard):
    """Nobody writes to the dead; the estate's representative is another recipient.

    `reach`: whom of those who owe the debt a death protects too.
    """

    subject: ClassVar[str | None] = "any_death"

    reach: str = PERSON

    def refuse(self, act: Act) -> Refusal | None:
        """A block for messages to the debtor."""
        recipient = act.action.recipient
        if recipient.consumer_deceased and recipient.relation in _WHO_OWE:
            return block("the debtor has died; only the estate's representative may be written to")
        if act.facts.co_debtors.deceased and _reaches(self.reach, act):
            return block(_OF_ANOTHER, reach=self.reach)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeBarredThreat(Guard):
    """No suit and no threat of suit over a debt that is time-barred."""

    subject: ClassVar[str | None] = "debt.time_barred"

    def refuse(self, act: Act) -> Refusal | None:
        """A block for a text that threatens suit."""
        content = act.action.content
        if not act.facts.debt.time_barred or content is None or not content.threatens_suit:
            return None
        return block("the text threatens suit over a time-barred debt")


@dataclass(frozen=True, kw_only=True, slots=True)
class PrescribedDebt(Guard):
    """A debt that is time-barred is not collected at all, where the law says so."""

    subject: ClassVar[str | None] = "debt.time_barred"

    def refuse(self, act: Act) -> Refusal | None:
        """A block for every act to collect it."""
        return (
            block("the debt is time-barred and may not be collected") if act.facts.debt.time_barred else None
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenProcedure(Guard):
    """While a procedure to find a way out is open for the debt, its end is not announced."""

    subject: ClassVar[str | None] = "debt.procedure_open"

    def refuse(self, act: Act) -> Refusal | None:
        """A block until it is closed."""
        return block("a procedure to find a way out is open") if act.facts.debt.procedure_open else None
