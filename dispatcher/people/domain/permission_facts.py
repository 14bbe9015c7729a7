"""The rows of the table of facts that say what a debtor forbids, asks for and allows."""

from dispatcher.people.domain.fact_fields import ADDRESS, ADDRESS_BASES, CHECK_RESULTS, MEDIA, PLACES
from dispatcher.people.domain.facts import Fact, Field, Kind, Takes

OPT_OUT = Fact(
    name="opt_out",
    title="An opt-out",
    says=(
        "An opt-out of an address, of a medium, or (neither named) of all contact. "
        "At an address it binds everyone there."
    ),
    example='dispatcher record opt-out acme/00042 --medium sms --address "+1 212 555 0100" --words STOP',
    kept_in="opt_outs",
    gate="optouts[]",
    repeat="one for the same address and medium that stands; words that were not there are added",
    fields=(
        Field(name="medium", says="None: any.", choices=MEDIA, noun="medium", column="medium"),
        ADDRESS,
        Field(
            name="words", says="In the debtor's own words.", column="raw", erasable=True, also=("text",),
        ),
    ),
)  # fmt: skip

NO_SCORE = "no_score"
NO_DUE_NOTICES = "no_due_notices"

WISHES = {
    "time": Kind(says="hours to leave alone; over midnight: two rows", gate="inconvenient_times[]"),
    "place": Kind(says="a place to leave alone", gate="inconvenient_places[]"),
    "statement": Kind(says="words nobody has turned into a wish yet", gate="consumer_statements[]"),
    "language": Kind(says="the language of messages", gate="the language of messages"),
    "zone": Kind(says="where the debtor says to be", gate="tz_candidates[], source consumer_statement"),
    "workplace": Kind(says="contact at work", gate="workplace"),
    "debt_group": Kind(says="debts that count as one", gate="debt_groups"),
    "objection": Kind(says="no part in trials of texts", gate="the experiments of strategies"),
    NO_SCORE: Kind(says="no use of a score", gate="the scorecard"),
    NO_DUE_NOTICES: Kind(
        says="no reminder before a payment of an agreement", gate="the due notices of agreements"
    ),
}

WISH = Fact(
    name="wish",
    title="A wish: hours, places, language",
    says="A wish about times, places, language: it only ever narrows what is allowed.",
    example='dispatcher record wish acme/00042 --no-contact "MO-FR 15:00-17:00" --source "call 5512"',
    kept_in="wishes",
    kinds=WISHES,
    same=("kind", "until", "details"),
    fields=(
        Field(
            name="no_contact", says="'MO-FR 15:00-17:00', local time.", label="Hours to leave alone", many=True,
            detail="time {days, from, to, source}", also=("hours",),
        ),
        Field(
            name="not_at", says="Places to leave alone.", label="Places to leave alone", many=True, choices=PLACES,
            noun="place", detail="place {place}", also=("place",),
        ),
        Field(
            name="said", says="Words nobody has turned into a wish yet.", takes=Takes.WORDS, many=True,
            label="In their own words", detail="statement {text}", erasable=True, also=("text",),
        ),
        Field(name="language", says="The language to be written to in: es, es-MX.", detail="language {language}"),
        Field(
            name="zone", says="Where the debtor says to be: America/Denver.", label="Time zone they say they are in",
            detail="zone {zone}",
        ),
        Field(
            name="there_now", says="With a zone: known to be there at present, whatever the address says.",
            takes=Takes.FLAG, default=False, detail="zone {authoritative}",
        ),
        Field(
            name="employer_prohibits", says="The employer forbids contact at work.", takes=Takes.FLAG, default=False,
            detail="workplace {employer_prohibits}",
        ),
        Field(
            name="work_oral_request", says="Asked by word not to be contacted at work.", takes=Takes.DAY,
            detail="workplace {oral_request}",
        ),
        Field(
            name="work_written_confirmation", says="Confirmed in writing.", takes=Takes.DAY,
            detail="workplace {written_confirmation}",
        ),
        Field(
            name="group", says="An account under which the debts named count as one.",
            detail="debt_group {account, debts}",
        ),
        Field(name="debt", says="The debts of the group.", takes=Takes.DEBT, many=True, label="Debts of the group"),
        Field(
            name="no_experiments", says="Objects to being part of a trial of texts.", takes=Takes.FLAG, default=False,
            detail="objection {to}",
        ),
        Field(
            name="no_score", says="Objects to being scored: no score is made or used of them any more.",
            takes=Takes.FLAG, default=False, detail="no_score {to}",
        ),
        Field(
            name="no_due_notices", says="Prefers no reminder before a payment that was agreed.", takes=Takes.FLAG,
            default=False, detail="no_due_notices {to}",
        ),
        Field(name="until", says="The last day it holds.", takes=Takes.DAY, column="until"),
    ),
)  # fmt: skip
CONSENTS = {
    "contact": Kind(says="the debtor agrees to be contacted by a medium", gate="action.consent"),
    "email": Kind(
        says="the debtor agrees to e-mail, at one address or at all",
        gate="email_consent, action.address_basis direct_consent",
    ),
    "sms": Kind(
        says="the debtor agrees to texts, at one number or at all",
        gate="action.consent, action.number_basis direct_consent",
    ),
    "call": Kind(says="the debtor agrees to be called", gate="call_consent"),
    "esign": Kind(
        says="the debtor agrees to notices in electronic form (E-SIGN)", gate="action.esign_consent"
    ),
    "number_check": Kind(
        says="a number was looked up in the reassigned numbers database",
        gate="action.number_basis.rnd_check, rnd_result",
    ),
    "address_notice": Kind(
        says="an e-mail address was announced to the debtor, who could object", gate="action.address_basis"
    ),
}
CONSENT = Fact(
    name="consent",
    title="A consent",
    says="A consent, or what stands in for one.",
    example="dispatcher record consent acme/00042 sms --given-on 2026-11-01",
    kept_in="consents",
    kinds=CONSENTS,
    same=("kind", "medium", "address", "given_on"),
    fields=(
        Field(
            name="kind", says="Which.", positional=True, choices=tuple(CONSENTS), noun="kind of consent",
            required="say which kind of consent it is",
        ),
        Field(
            name="given_on", says="When it was given, checked or announced; today if not given.", label="Given on",
            takes=Takes.DAY, column="given_on", also=("on",),
        ),
        Field(
            name="medium", says="By which medium contact is agreed to.", choices=MEDIA, noun="medium", column="medium"
        ),
        ADDRESS,
        Field(name="scope", says="What the call may be for.", only=("call",), detail="scope"),
        Field(
            name="directly", says="Given to us, not to the creditor.", takes=Takes.FLAG, default=True, only=("call",),
            detail="directly_to_collector",
        ),
        Field(
            name="result", says="What the look-up found.", choices=CHECK_RESULTS, noun="result of a number check",
            only=("number_check",), detail="result",
        ),
        Field(
            name="basis", says="The ground on which the address is used.", choices=ADDRESS_BASES,
            noun="ground to use an address", only=("address_notice",), detail="type", also=("type",),
        ),
        Field(
            name="optout_by", says="The last day to object.", takes=Takes.DAY, only=("address_notice",),
            detail="optout_by",
        ),
        Field(
            name="public_domain", says="A domain open to everybody, not an employer's.", takes=Takes.FLAG,
            only=("address_notice",), detail="public_domain",
        ),
        Field(
            name="opted_out", says="The debtor objected.", takes=Takes.FLAG, default=False, only=("address_notice",),
            detail="opted_out",
        ),
    ),
)  # fmt: skip
