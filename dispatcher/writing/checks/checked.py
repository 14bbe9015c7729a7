"""One text under examination: its parts, its data, and what the checks gather about it for the gate."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from babel import Locale

from dispatcher.values.money import Money
from dispatcher.writing.checks.scan import Scanner
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.formats import date_text, money_text
from dispatcher.writing.language.compiled import CompiledText
from dispatcher.writing.language.values import sms_text
from dispatcher.writing.untrusted import FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE, is_right_to_left
from dispatcher.writing.working_days import REPLY_DAYS, working_day_after

CONFIRMATION = "optout_confirmation"


@dataclass(slots=True)
class Checked:
    """What the steps look at, and below it what they find out besides findings.

    `words` is the reading text on one line. `from_paper`: it was read out of a PDF, whose lines break sentences.
    """

    parts: Mapping[str, str]
    text: CompiledText
    inputs: RenderInputs
    locale: Locale
    scanner: Scanner
    max_segments: int
    words: str
    from_paper: bool = False

    segments: int = 0
    looked_for: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # sentences of the law, by name
    topics: set[str] = field(default_factory=set)
    traits: set[str] = field(default_factory=set)  # the gate's names for what any pattern found
    announces_handover: bool = False
    says_no_court: bool = False
    optout_text: str | None = None
    optout_methods: tuple[str, ...] | None = None
    initial_disclosure: bool | None = None
    subsequent_disclosure: bool | None = None
    disclosure_language: str | None = None

    def says(self, value: str) -> bool:
        """Whether the text holds a value, however its lines break.

        Words that run from right to left come back from paper in the order of drawing: there their letters count.
        """
        if self.from_paper and is_right_to_left(value):
            return set("".join(value.split())) <= set(unicodedata.normalize("NFKC", self.words))
        return bool(value) and (value in self.words or on_one_line(value) in self.words)

    def amounts(self) -> list[str]:
        """Every amount the ledger knows, as this reader sees it; longest first, so that none hides in another."""
        # A reader of PDFs gives plain spaces back, an SMS has no others, and people type them into columns.
        amounts = {(amount.minor, amount.currency): amount for amount in self._moneys()}  # many are one
        written = {money_text(amount, self.locale) for amount in amounts.values()}
        return sorted(written | set(map(sms_text, written)), key=len, reverse=True)

    def dates(self) -> list[str]:
        """Every date the ledger or an offer knows, as this reader sees it."""
        return [date_text(day, self.locale) for day in self._days()]

    def _moneys(self) -> Iterator[Money]:
        yield self.inputs.total
        yield self.inputs.part_total
        for debt in self.inputs.asked:
            yield debt.balance
            yield debt.original
            late = (debt.late_interest, debt.late_costs, debt.late_per_day, debt.with_late)
            for amount in (debt.paid, debt.interest, debt.fees, debt.charges, debt.credit, *late):
                if amount is not None:
                    yield amount
            if (item := debt.itemization) is not None:
                yield from (item.amount, item.interest, item.fees, item.credited)
        if self.inputs.settlement is not None:
            yield self.inputs.settlement
        if self.text.shows_discount and (discount := self.inputs.discount):
            yield discount.amount
            yield self.inputs.total - discount.amount
        if self.inputs.arrangement is not None:
            yield from self.inputs.arrangement.moneys
        for plan in self.inputs.plans if self.text.shows_plans else ():
            yield plan.total
            if plan.interest_amount is not None:
                yield from (plan.principal, plan.interest_amount)
            for instalment in plan.instalments:
                yield instalment.amount

    def _days(self) -> set[date]:
        inputs = self.inputs
        days = {
            working_day_after(inputs.as_of, REPLY_DAYS, inputs.debtor.country),
            inputs.as_of,
            inputs.balance_day,
            inputs.first_message_on,
            inputs.notice_on,
            inputs.validation_ends_on,
            inputs.plans_valid_until,
            inputs.handover_on,
        }
        for debt in inputs.asked:
            days |= {debt.due_date, debt.issued_on, debt.itemization.on if debt.itemization else None}
        if inputs.arrangement is not None:
            days |= set(inputs.arrangement.days)
        days.add(inputs.settlement_until)
        if self.text.shows_discount and inputs.discount:
            days.add(inputs.discount.valid_until)
        for plan in inputs.plans if self.text.shows_plans else ():
            days |= {instalment.due_on for instalment in plan.instalments}
        return {day for day in days if day is not None}


def on_one_line(text: str) -> str:
    """The text with every run of white space, no-break spaces included, as one plain space."""
    if FIRST_STRONG_ISOLATE in text:
        text = text.translate(_NO_ISOLATES)
    return " ".join(text.split())


def read_from_paper(text: str) -> str:
    """The same of a page: a line that ends in a hyphen goes on, for we divide no words."""
    return on_one_line(_AFTER_HYPHEN.sub("-", text))


_AFTER_HYPHEN = re.compile(r"(?<=\S)-\n(?=\S)")
_NO_ISOLATES = dict.fromkeys(map(ord, (FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE)))
