"""The table of facts: everything that can be recorded of a person, and what each becomes.

`dispatcher record`, the forms of a person's page, the API with its schema, and docs/recorded_facts.md are made from
it. A new fact is a row here and a verb that writes it (people/record_fact.py).
"""

from dataclasses import replace

from dispatcher.people.domain.affordability import AFFORDABILITY
from dispatcher.people.domain.agreement_facts import OFFER, PAYMENT, PLAN, PROMISE, SETTLEMENT
from dispatcher.people.domain.fact_fields import ADDRESS, CONTACT_CHANNELS, DEBTS, MEDIA, OUTCOMES, PLACES
from dispatcher.people.domain.facts import Fact, Field, Kind, Merge, Takes
from dispatcher.people.domain.hold_facts import COMPLAINT, DISPUTE, HOLD
from dispatcher.people.domain.permission_facts import CONSENT, OPT_OUT, WISH

NOTICES = {
    "validation": Kind(
        says="the validation notice (12 CFR 1006.34)", gate="validation_period_end, notice_sent"
    ),
    "first_written": Kind(
        says="the written notice that must come before the first contact", gate="notice_sent"
    ),
    "transfer": Kind(says="the notice that the debt was sold or passed on", gate="debt.transfer_notice_sent"),
    "verification": Kind(
        says="the answer to a dispute", gate="dispute.verification_sent (set in the dispute)"
    ),
    "original_creditor_answer": Kind(
        says="the answer to a request for the original creditor",
        gate="original_creditor_request.answered (set in the request)",
    ),
}
NOTICE = Fact(
    name="notice",
    title="A notice that was sent",
    says="A notice that the law wants, already sent.",
    example="dispatcher record notice acme/00042 validation --sent-on 2026-11-02 --debt 0000000082",
    kept_in="notices",
    kinds=NOTICES,
    same=("debt_id", "kind", "sent_on"),
    fields=(
        Field(
            name="kind", says="Which.", positional=True, choices=tuple(NOTICES), noun="kind of notice",
            required="say which kind of notice it was",
        ),
        Field(
            name="sent_on", says="When it was sent; today if not given.", label="Sent on", takes=Takes.DAY,
            column="sent_on", also=("on",),
        ),
        Field(
            name="channel", says="By which medium it went; what nobody says is taken to arrive last.",
            choices=("letter", "email", "sms"), noun="medium of a notice", detail="channel",
        ),
        Field(
            name="received_on", says="When it arrived, as a receipt or the debtor says.", takes=Takes.DAY,
            detail="received_on",
        ),
        Field(
            name="returned_on", says="When it came back, or the debtor said that it never arrived: then it is none.",
            takes=Takes.DAY, detail="returned_on",
        ),
        Field(
            name="proof", says="Where the receipt lies: the post's number, or the file as its keeper calls it.",
            label="Proof of receipt", detail="proof",
        ),
        Field(name="proof_sha256", says="SHA-256 of the file of the receipt, in hex.", detail="proof_sha256"),
        Field(
            name="validation_period_end", says="The day printed in it.", takes=Takes.DAY, only=("validation",),
            detail="validation_period_end",
        ),
        DEBTS,
    ),
)  # fmt: skip

CONTACT = Fact(
    name="contact",
    title="A contact made elsewhere",
    says="A contact made elsewhere, or by the debtor: it counts for caps and pauses.",
    example=(
        "dispatcher record contact acme/00042 call --outcome conversation --at 2026-11-16T18:00:00Z --source dialler"
    ),
    kept_in="contacts",
    gate=(
        "history[]; a text or mail that came in: action.number_basis.last_text, "
        "action.consumer_used_it_with_collector"
    ),
    same=("external_id", "source"),
    repeat="one of the same source and external id; without an external id each is a contact of its own",
    fields=(
        Field(
            name="channel", says="Where it was made.", positional=True, choices=CONTACT_CHANNELS, noun="channel",
            column="channel", required="say by which channel the contact was made",
        ),
        Field(
            name="outcome", says="What it came to; the careful reading if not given.", choices=OUTCOMES,
            noun="outcome", column="outcome",
        ),
        Field(name="inbound", says="The debtor contacted us.", takes=Takes.FLAG, default=False, column="direction"),
        Field(name="at", says="When; now if not given.", takes=Takes.INSTANT, column="at"),
        DEBTS,
        ADDRESS,
        Field(
            name="kind", says="collection, reply_to_consumer, location_inquiry …", default="collection", column="kind"
        ),
        Field(
            name="text", says="What was said, where words matter.", label="What was said", takes=Takes.WORDS,
            detail="text", erasable=True, merge=Merge.BOTH,
        ),
        Field(name="place", says="Where they were reached.", choices=PLACES, noun="place", detail="address_place"),
        Field(
            name="prerecorded", says="An artificial or recorded voice spoke.", takes=Takes.FLAG, default=False,
            detail="prerecorded",
        ),
        Field(
            name="consents_to", says="Asked to be answered by this medium.", choices=MEDIA, noun="medium",
            detail="consent_to_other_medium",
        ),
        Field(name="recording", says="Where the recording of it lies, as its keeper calls it.", detail="recording"),
        Field(name="recording_sha256", says="SHA-256 of the recording, in hex.", detail="recording_sha256"),
        Field(name="external_id", says="The other system's id: recorded once.", column="external_id"),
    ),
)  # fmt: skip

RELEASE = Fact(
    name="release",
    says="The end of a hold, an opt-out, a wish or a consent that was recorded here.",
    example=(
        "dispatcher record release acme/00042 dispute --debt 0000000082 "
        '--why "receipt found, agreed on the phone"'
    ),
    kept_in="",
    repeat="what has ended cannot end again",
    fields=(
        Field(
            name="kind", says="A kind of hold, opt_out, wish_KIND, consent_KIND or affordability.", positional=True,
            required="say what ends: a kind of hold, opt_out, wish_KIND or consent_KIND",
        ),
        DEBTS,
        replace(ADDRESS, column=""),
        Field(name="medium", says="Of opt-outs only those of this medium.", choices=MEDIA, noun="medium"),
        Field(name="why", says="Why it ends; kept with the hold.", erasable=True),
    ),
)  # fmt: skip

OWN_PAGES = {
    "open": Kind(says="who calls is known, and the page takes answers again"),
    "close": Kind(says="the page shows nothing, whatever is answered"),
}
OWN_PAGE = Fact(
    name="own_page",
    title="Their own page",
    says="The debtor's own page: opened again after too many wrong answers, or closed.",
    example='dispatcher record own-page acme/00042 open --source "call 5512, gave two invoices"',
    kept_in="page_tries",
    kinds=OWN_PAGES,
    gate="none",
    repeat="each word is logged; opening forgets wrong answers",
    fields=(
        Field(
            name="kind", says="open or close.", label="Open or close", positional=True, choices=tuple(OWN_PAGES),
            noun="word for a page", required="say whether the page is to open or to close",
        ),
    ),
)  # fmt: skip

FACTS: tuple[Fact, ...] = (
    PAYMENT, DISPUTE, PROMISE, PLAN, SETTLEMENT, OFFER, HOLD, COMPLAINT, RELEASE, OPT_OUT, WISH, CONSENT, CONTACT,
    NOTICE, AFFORDABILITY, OWN_PAGE,
)  # fmt: skip
BY_NAME = {fact.name: fact for fact in FACTS}
ERASABLE = frozenset(
    f.detail for fact in FACTS for f in fact.fields if f.erasable and f.detail.isidentifier()
)
