"""The rows of the table of facts about money: what was agreed, and what came in. Their verbs stand in agreements/."""

from dispatcher.people.domain.facts import Fact, Field, Takes

EVERY = ("week", "fortnight", "month")
REPEAT = "a second arrangement on a debt under one is refused; `dispatcher arrangements replace` changes it"

_DEBTS = Field(
    name="debt", says="The debts concerned; none: all open ones.", label="About", takes=Takes.DEBT, many=True
)  # fmt: skip
_BEYOND = (
    Field(
        name="approved_by", says="Who lets terms outside the limits pass.", label="Approved by", detail="approved_by",
        erasable=True,
    ),
    Field(
        name="why", says="Why they may pass; kept with the arrangement.", label="Why beyond the limits",
        detail="approved_why", erasable=True,
    ),
)  # fmt: skip
_WORDS = Field(
    name="agreed_words", says="The words that the debtor read, or was read, and agreed to.", label="Words agreed to",
    takes=Takes.WORDS, detail="agreed_words", erasable=True,
)  # fmt: skip
_PAYMENTS = Field(name="payments", says="How many payments.", detail="payments")
_EVERY = Field(
    name="every", says="How far apart they are.", choices=EVERY, noun="interval", detail="frequency"
)
_FIRST_ON = Field(
    name="first_on", says="The day of the first payment.", label="First payment on", takes=Takes.DAY, column="due_on"
)  # fmt: skip

PAYMENT = Fact(
    name="payment",
    title="A payment",
    says="A payment: what is owed falls at once, until a later ledger contains it; or one that was taken back.",
    example='dispatcher record payment acme/00042 20.50 --debt 0000000082 --source "bank statement 112"',
    kept_in="payments",
    gate="the balance; the payments of an arrangement",
    repeat="the same amount of the same day is refused unless `again` says that another one is meant",
    fields=(
        Field(
            name="amount", says="As 120.50, in the debt's currency.", positional=True, takes=Takes.AMOUNT,
            column="amount_minor", default="",
        ),
        Field(
            name="debt", says="Which was paid; none: those agreed on, then the oldest, never a disputed one.",
            takes=Takes.DEBT, column="debt_id",
        ),
        Field(
            name="on", says="When it was paid; today if not given.", label="Paid on", takes=Takes.DAY, column="paid_on"
        ),
        Field(
            name="again", says="Another payment of the same amount and day is meant.", takes=Takes.FLAG, default=False
        ),
        Field(
            name="sure", says="It is right, although it is more than is owed or of a day that has not come.",
            takes=Takes.FLAG, default=False,
        ),
        Field(
            name="external_id", says="The creditor's own id of it: sent twice, it counts once.",
            label="The creditor's id", column="external_id",
        ),
        Field(
            name="reverse", says="The id of a payment that was taken back; without an amount.",
            label="Take back payment", column="reversed_at",
        ),
    ),
)  # fmt: skip

PROMISE = Fact(
    name="promise",
    title="A promise to pay",
    says="A promise to pay by a day: nothing is asked until a ledger after that day shows whether it came.",
    example='dispatcher record promise acme/00042 --on 2026-12-01 --debt 0000000082 --source "call 5512"',
    kept_in="arrangements",
    gate="nothing is asked for while it pauses",
    repeat=REPEAT,
    fields=(
        _DEBTS,
        Field(
            name="on", says="The day the debtor promised to pay.", label="By which day", takes=Takes.DAY,
            column="due_on", also=("until",), required="say by which day the debtor promised to pay",
        ),
        Field(
            name="amount", says="How much; the whole balance if not given.", takes=Takes.AMOUNT, column="amount_minor"
        ),
        _WORDS,
        *_BEYOND,
    ),
)  # fmt: skip

PLAN = Fact(
    name="plan",
    title="A payment plan",
    says="A payment plan: by the number of an offer, or by its terms within the limits of config/offers.",
    example=(
        "dispatcher record plan acme/00042 --debt 0000000082 --payments 3 --every month --first-on 2026-12-15"
    ),
    kept_in="arrangements",
    gate="nothing is asked for while it runs",
    repeat=REPEAT,
    fields=(
        _DEBTS,
        Field(
            name="offer", says="The number of an offer, as the message shows it.",
            label="Offer number", detail="offer",
        ),
        _PAYMENTS,
        _EVERY,
        _FIRST_ON,
        Field(
            name="down", says="A first payment of its own on that day; the others follow it.", label="Down payment",
            takes=Takes.AMOUNT, column="amount_minor",
        ),
        _WORDS,
        *_BEYOND,
    ),
)  # fmt: skip

SETTLEMENT = Fact(
    name="settlement",
    title="A settlement",
    says="A settlement: a part of the balance, paid by a day, ends the debt.",
    example="dispatcher record settlement acme/00042 --debt 0000000082 --amount 80.00 --by 2026-12-15",
    kept_in="arrangements",
    gate="nothing is asked for while it runs, nor once it is kept",
    repeat=REPEAT,
    fields=(
        _DEBTS,
        Field(
            name="amount", says="The part of the balance that ends the debt.", takes=Takes.AMOUNT,
            column="amount_minor", required="say with amount which part of the balance ends the debt",
        ),
        Field(
            name="by", says="The day by which it is paid.", takes=Takes.DAY, column="due_on",
            required="say with by until which day it is paid",
        ),
        _PAYMENTS,
        _EVERY,
        _FIRST_ON,
        _WORDS,
        *_BEYOND,
    ),
)  # fmt: skip
OFFER = Fact(
    name="offer",
    title="An offer made by telephone",
    says=(
        "An offer made on a recorded call: the plans of today by their numbers, or terms of its own; its numbers mean "
        "what was said until it expires."
    ),
    example='dispatcher record offer acme/00042 --offer 1 --offer 2 --source "call 5512"',
    kept_in="sent_offers",
    gate="none",
    repeat="what was said already and still stands is not said twice",
    fields=(
        _DEBTS,
        Field(
            name="offer", says="A number of those that may be offered today; none: all of them.",
            label="Offer number", many=True, column="plans",
        ),
        _PAYMENTS,
        _EVERY,
        _FIRST_ON,
        Field(
            name="down", says="A first payment of its own on that day; the others follow it.", label="Down payment",
            takes=Takes.AMOUNT, column="plans",
        ),
        Field(
            name="amount", says="A settlement: the part of the balance that ends the debt.",
            label="Settlement of", takes=Takes.AMOUNT, column="settlements",
        ),
        Field(
            name="by", says="Until when the settlement stands; as long as the limits say if not given.",
            label="Settlement until", takes=Takes.DAY, column="valid_until",
        ),
        Field(
            name="discount", says="The discount of today for prompt payment; with amount and by, one of other terms.",
            takes=Takes.FLAG, default=False, column="settlements",
        ),
        *_BEYOND,
    ),
)  # fmt: skip
AGREEMENTS = (PROMISE, PLAN, SETTLEMENT)
ABOUT_MONEY = frozenset({fact.name for fact in (PAYMENT, OFFER, *AGREEMENTS)})  # written down by agreements/
