"""Every kind of hold: what it keeps back, whom it is about, and its sentence.

A kind that stands nowhere keeps everything back.
"""

from dataclasses import dataclass
from enum import StrEnum


class Keeps(StrEnum):
    """What a hold keeps back."""

    ALL = "all"  # nothing is asked for
    BY_RULES = "by rules"  # the gate judges it, with its exceptions (gate/guards/holds.py)
    RECORDS = "records"  # records are kept; it does not keep silent


class About(StrEnum):
    """Whom a hold is about."""

    PERSON = "person"  # whoever it was recorded of
    DEBT = "debt"  # everybody who owes the debt; every debt of the person where none is named
    EITHER = "either"  # the debt where one is named, else the person


class HoldKind(StrEnum):
    """The kinds there are."""

    MANUAL = "manual"
    ATTORNEY = "attorney"
    CEASE = "cease"
    REFUSAL = "refusal"
    DISPUTE = "dispute"
    PROMISE = "promise"
    ARRANGEMENT = "arrangement"
    ORIGINAL_CREDITOR_REQUEST = "original_creditor_request"
    BANKRUPTCY = "bankruptcy"
    DECEASED = "deceased"
    BREATHING_SPACE = "breathing_space"
    COMPLAINT = "complaint"
    UNCLEAR_REPLY = "unclear_reply"
    CARE = "care"
    LEGAL = "legal"
    ACCESS_REQUEST = "access_request"
    PROPOSAL = "proposal"
    NOT_IN_LEDGER = "not_in_ledger"
    ROW_REFUSED = "row_refused"
    LEDGER_IN_DOUBT = "ledger_in_doubt"
    PROTECTION_UNREADABLE = "protection_unreadable"
    REFUSED_LEDGER = "refused_ledger"
    NEW_IN_ODD_LEDGER = "new_in_odd_ledger"
    LOOKS_RENUMBERED = "looks_renumbered"
    TERMS_CHANGED = "terms_changed"


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldMeaning:
    """`says` is why a debt stays out; `by_import`: an import sets it, and a ledger that reads well ends it."""

    says: str
    keeps: Keeps = Keeps.ALL
    about: About = About.EITHER
    by_import: bool = False


def _rules(says: str, about: About = About.PERSON) -> HoldMeaning:
    return HoldMeaning(says=says, keeps=Keeps.BY_RULES, about=about)


def _import(says: str) -> HoldMeaning:
    return HoldMeaning(says=says, by_import=True)


_K = HoldKind
HOLD_KINDS = {
    _K.MANUAL: HoldMeaning(says="a person put this on hold"),
    _K.ATTORNEY: _rules("a lawyer acts for the debtor"),
    _K.CEASE: _rules("the debtor asked to stop all contact"),
    _K.REFUSAL: _rules("the debtor refuses to pay"),
    _K.DISPUTE: HoldMeaning(says="the debt is disputed", about=About.DEBT),
    _K.PROMISE: HoldMeaning(says="payment is promised", about=About.DEBT),
    _K.ARRANGEMENT: HoldMeaning(says="an arrangement stands", about=About.DEBT),
    _K.ORIGINAL_CREDITOR_REQUEST: _rules("the original creditor was asked for", About.EITHER),
    _K.BANKRUPTCY: _rules("a bankruptcy is pending"),
    _K.DECEASED: _rules("the debtor has died"),
    _K.BREATHING_SPACE: _rules("a moratorium protects the debtor"),
    _K.COMPLAINT: HoldMeaning(says="a complaint waits for its answer", about=About.DEBT),
    _K.UNCLEAR_REPLY: HoldMeaning(says="an answer of the debtor waits to be read", about=About.PERSON),
    _K.CARE: HoldMeaning(says="on hold", about=About.PERSON),  # log, exports and the creditor learn no more
    _K.LEGAL: HoldMeaning(says="records must be kept", keeps=Keeps.RECORDS, about=About.PERSON),
    _K.ACCESS_REQUEST: HoldMeaning(
        says="somebody asked what is kept of them", keeps=Keeps.RECORDS, about=About.PERSON
    ),
    _K.PROPOSAL: HoldMeaning(
        says="a proposal to settle out of court runs", keeps=Keeps.RECORDS, about=About.DEBT
    ),
    _K.NOT_IN_LEDGER: _import("the debt is no longer in the creditor's ledger; nobody said why"),
    _K.ROW_REFUSED: _import(
        "its row in the newest ledger could not be read, and older figures are not trusted"
    ),
    _K.LEDGER_IN_DOUBT: _import(
        "the newest ledger contradicts itself about who the debtor is or where they live"
    ),
    _K.PROTECTION_UNREADABLE: _import(
        "a value of its row that protects somebody, or that law hangs on, could not be read"
    ),
    _K.REFUSED_LEDGER: _import("a newer ledger was refused, and shows the debt as paid or protected"),
    _K.NEW_IN_ODD_LEDGER: _import("it is new in a ledger with more new debts than an ordinary one"),
    _K.LOOKS_RENUMBERED: _import("it looks like a known debt under another reference"),
    _K.TERMS_CHANGED: _import("the creditor changed its due date, debtor or currency after a reminder"),
}


def of(kind: str) -> HoldMeaning:
    """What a kind means; one that nobody knows keeps everything back."""
    known = next((meaning for name, meaning in HOLD_KINDS.items() if name == kind), None)
    return known or HoldMeaning(says=f"on hold ({kind.replace('_', '-')})")


def kinds(keeps: Keeps | None = None, about: About | None = None) -> frozenset[str]:
    """The kinds that keep this back and are about these."""
    return frozenset(
        kind.value
        for kind, meaning in HOLD_KINDS.items()
        if keeps in (None, meaning.keeps) and about in (None, meaning.about)
    )


BY_IMPORT = tuple(kind.value for kind, meaning in HOLD_KINDS.items() if meaning.by_import)
