"""The rows of the table of facts that keep messages back: holds of every kind."""

from dataclasses import replace

from dispatcher.people.domain.fact_fields import DEBTS, FORMS
from dispatcher.people.domain.facts import Fact, Field, Kind, Merge, Takes, narrowed

_REQUESTS = ("cease", "refusal", "dispute", "complaint", "original_creditor_request")

HOLDS = {
    "manual": Kind(says="a person decided to wait", gate="held by the desk"),
    "attorney": Kind(says="a lawyer represents the debtor", gate="attorney"),
    "cease": Kind(says="the debtor asked to stop all contact", gate="cease"),
    "refusal": Kind(says="the debtor refuses to pay", gate="refusal_to_pay"),
    "dispute": Kind(says="the debtor disputes the debt", gate="dispute"),
    "original_creditor_request": Kind(
        says="the debtor asked for the original creditor's name", gate="original_creditor_request"
    ),
    "bankruptcy": Kind(says="a bankruptcy case is pending", gate="bankruptcy.pending"),
    "deceased": Kind(says="the debtor has died", gate="action.recipient.consumer_deceased"),
    "breathing_space": Kind(
        says="a moratorium protects the debtor until a day", gate="breathing_space_until"
    ),
    "complaint": Kind(says="a complaint waits for its answer", gate="held by the desk"),
    "unclear_reply": Kind(says="an answer waits to be read", gate="held by the desk"),
    "care": Kind(
        says="somebody may be in distress or at risk: a named person takes care", gate="held by the desk"
    ),
    "legal": Kind(says="records must be kept; contact goes on", gate="none"),
    "access_request": Kind(says="they asked what is kept of them; contact goes on", gate="none"),
    "proposal": Kind(says="a proposal to settle reached them on a day; contact goes on", gate="none"),
}
HOLD = Fact(
    name="hold",
    title="Another hold",
    says="A hold of any kind: it keeps messages back until it is released.",
    example="dispatcher record hold acme/00042 attorney --name 'Alder & Finch'",
    kept_in="holds",
    kinds=HOLDS,
    same=("debt_id", "kind", "until"),
    fields=(
        Field(name="kind", says="Which.", positional=True, choices=tuple(HOLDS), noun="kind of hold", default="manual"),
        DEBTS,
        Field(
            name="since", says="When it began; today if not given.", takes=Takes.DAY, column="starts_on",
            merge=Merge.EARLIEST,
        ),
        Field(
            name="until", says="The last day it holds; until released if not given.", takes=Takes.DAY, column="until"
        ),
        Field(
            name="form", says="How it reached us.", label="How it reached us", choices=FORMS, noun="form",
            detail="form", default="letter", default_for=_REQUESTS,
        ),
        Field(
            name="validation_period_end", says="The day printed in the validation notice.", takes=Takes.DAY,
            only=("dispute",), detail="validation_period_end",
        ),
        Field(
            name="cause", says="The cause, as the regulator's list calls it.", only=("complaint",), detail="cause",
        ),
        Field(
            name="text", says="What the debtor complains of.", label="What they complain of", takes=Takes.WORDS,
            only=("complaint",), detail="text", erasable=True, merge=Merge.BOTH,
        ),
        Field(
            name="name", says="The attorney, trustee or executor.", detail="name", erasable=True,
            implies={"contact_known": True},
        ),
        Field(
            name="contact_known", says="Name and address of the attorney are known, or can be found out.",
            takes=Takes.FLAG, default=True, only=("attorney",), detail="contact_known",
        ),
        Field(
            name="unresponsive", says="The attorney does not answer in reasonable time.", takes=Takes.FLAG,
            default=False, only=("attorney",), detail="unresponsive",
        ),
        Field(
            name="direct_contact_consented", says="The attorney agrees that we write to the debtor.",
            takes=Takes.FLAG, default=False, only=("attorney",), detail="consented_to_direct_contact",
        ),
        Field(
            name="medium_accepted", says="It came by a medium that we accept for this.", takes=Takes.FLAG,
            only=("cease",), detail="medium_accepted",
        ),
        Field(
            name="answered", says="When the request was answered.", takes=Takes.DAY,
            only=("original_creditor_request",), detail="answered",
        ),
    ),
)  # fmt: skip


def _hold(kind: str, *names: str, changes: dict[str, Field], **parts: str) -> Fact:
    one = narrowed(HOLD, kind, **parts)
    return replace(one, fields=tuple(changes.get(name, one.field(name)) for name in ("debt", *names)))


_RECEIVED = replace(
    HOLD.field("since"),
    says="When it reached us; today if not given.",
    label="Received on",
    option="--received",
)
DISPUTE = _hold(
    "dispute", "since", "form", "validation_period_end",
    changes={"since": _RECEIVED},
    title="A dispute",
    says="A dispute: the debt is left alone until the dispute is released.",
    example='dispatcher record dispute acme/00042 --debt 0000000082 --form letter --note "says it was paid in May"',
)  # fmt: skip
COMPLAINT = _hold(
    "complaint", "text", "cause", "since", "form",
    changes={"since": _RECEIVED},
    title="A complaint",
    says="A complaint: the debtor is left alone until it is answered and released.",
    example='dispatcher record complaint acme/00042 --text "two letters in a day" --form email',
)  # fmt: skip
