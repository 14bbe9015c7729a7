"""Where each contact fact comes from in the daily run, and what the program cannot know."""

from dataclasses import dataclass

COLUMN, RECORD, IMPORT, LOG, TEXT, ACT, CANNOT = (
    "a column of the portfolio",
    "`dispatcher record …`",
    "`dispatcher import-contacts`",
    "our own log",
    "the checks of the rendered text",
    "the message itself",
    "not known in the daily run",
)


@dataclass(frozen=True, slots=True)
class FactSource:
    """One fact or a group of them (`prefix` ends the path, `*` stands for all below), with its source in words."""

    path: str
    source: str
    words: str


SOURCES: tuple[FactSource, ...] = (
    FactSource(
        "packs",
        ACT,
        "which packs apply follows from residence, telephone, sender's role, debt type and date",
    ),
    FactSource("now_*", ACT, "the business clock at the instant of sending"),
    FactSource(
        "tz_candidates[].source", COLUMN, "`time_zone`, `country`, `region`, `city`, `postal_code`, `phone`"
    ),
    FactSource(
        "tz_candidates[].tz", COLUMN, "`time_zone`, `country`, `region`, `city`, `postal_code`, `phone`"
    ),
    FactSource(
        "tz_candidates[].authoritative",
        RECORD,
        "`wish --zone … --there-now`: where the debtor is known to be",
    ),
    FactSource("action.channel", ACT, "the strategy's step"),
    FactSource("action.kind", ACT, "the strategy's step"),
    FactSource("action.to", COLUMN, "`email`, `phone`"),
    FactSource("action.debts", COLUMN, "`debt_reference`"),
    FactSource("action.line", ACT, "the number plan of the telephone"),
    FactSource("action.address_place", COLUMN, "`email_label`, `phone_label` (work)"),
    FactSource("action.format", ACT, "letters go in closed envelopes; postcards are not made"),
    FactSource("action.visibility", ACT, "no channel of the program is public"),
    FactSource("action.addressee", COLUMN, "`debtor_name`"),
    FactSource("action.approved_form", ACT, "no approvals are kept: never, in the daily run"),
    FactSource("action.caller_id", CANNOT, "the program makes no calls"),
    FactSource("action.in_initial_communication", ACT, "of a validation notice: nothing was sent before"),
    FactSource("action.notice", ACT, "the strategy's step: which notice of the law it is"),
    FactSource("action.queued_local", LOG, "decides nothing"),
    FactSource("action.observed_delivered_local", LOG, "decides nothing"),
    FactSource("action.recipient.relation", COLUMN, "`joint_debtors`, `guarantors`"),
    FactSource("action.recipient.consumer_deceased", COLUMN, "`deceased_on`, or `dispatcher record hold`"),
    FactSource("action.recipient.consumer_is_minor", CANNOT, "the program does not write to parents"),
    FactSource("action.address_basis.*", RECORD, "`consent`, or the debtor's own messages in our log"),
    FactSource("action.number_basis.*", RECORD, "`consent`, or the debtor's own messages in our log"),
    FactSource(
        "action.employer_provided", COLUMN, "`email_label` (work), or the domain is listed in `senders.yaml`"
    ),
    FactSource("action.consumer_used_it_with_collector", LOG, "the debtor's own messages"),
    FactSource(
        "action.consent", COLUMN, "`sms_consent_on`, `email_consent_on`, or `dispatcher record consent`"
    ),
    FactSource("action.esign_consent", RECORD, "`consent`"),
    FactSource("action.email_consent", COLUMN, "`email_consent_on`, or `dispatcher record consent`"),
    FactSource("action.call_consent.*", RECORD, "`consent`"),
    FactSource("action.opted_out", RECORD, "`opt-out`, the debtors' own page, or an answer (as `optouts`)"),
    FactSource("action.autodialled", ACT, "every text of the program is automated"),
    FactSource("action.prerecorded", CANNOT, "the program makes no calls"),
    FactSource("action.ai_voice", CANNOT, "the program makes no calls"),
    FactSource("action.limited_content.*", CANNOT, "the program leaves no voicemail"),
    FactSource("action.content.*", TEXT, "findings in the exact bytes that would be sent"),
    FactSource(
        "history[].*", LOG, "our messages and the debtor's, and contacts brought by `import-contacts`"
    ),
    FactSource("optouts[].*", RECORD, "`opt-out`, the debtors' own page, or an answer"),
    FactSource("optouts_inbound_raw", LOG, "an answer; an unclear one holds until a person has read it"),
    FactSource("inconvenient_times[].*", RECORD, "`wish`"),
    FactSource("inconvenient_places", RECORD, "`wish`"),
    FactSource("consumer_statements[].*", RECORD, "`wish`"),
    FactSource("attorney.*", COLUMN, "`represented_by`, or `dispatcher record hold`"),
    FactSource("cease.*", COLUMN, "`cease_received_on`, or `dispatcher record hold`"),
    FactSource("refusal_to_pay.*", RECORD, "`hold`"),
    FactSource("dispute.*", COLUMN, "`disputed_on`, or `dispatcher record dispute`"),
    FactSource("original_creditor_request.*", RECORD, "`hold`"),
    FactSource("bankruptcy.pending", COLUMN, "`bankrupt_on`, or `dispatcher record hold`"),
    FactSource("breathing_space_until", COLUMN, "`breathing_space_until`, or `dispatcher record hold`"),
    FactSource(
        "kept.*", LOG, "that what is on record of the same human elsewhere keeps it back; not what, nor where"
    ),
    FactSource("co_debtors.*", COLUMN, "the same of the others who owe the debt"),
    FactSource("workplace.*", RECORD, "`wish`"),
    FactSource("debt.due", COLUMN, "`due_date`"),
    FactSource("debt.days_past_due", COLUMN, "counted from `due_date`"),
    FactSource("debt.principal", CANNOT, "no message of ours claims costs of collection"),
    FactSource("debt.time_barred", COLUMN, "`time_barred_on`"),
    FactSource("debt.acquired_by_credit_purchaser", COLUMN, "`sender_role` (debt_buyer)"),
    FactSource("debt.transfer_notice_sent", RECORD, "`notice`"),
    FactSource("debt.procedure_open", CANNOT, "stop such debts with `record hold` meanwhile"),
    FactSource("debt_groups", RECORD, "`wish`: loans serviced under one account"),
    FactSource("validation_period_end", LOG, "the day that our validation notice prints; `record notice`"),
    FactSource("validation_notice_sent", LOG, "a step that is the validation notice; `record notice`"),
    FactSource(
        "notice_sent",
        LOG,
        "a step of kind notice that went out; `notice_sent_on`, `dispatcher record notice`",
    ),
    FactSource("notice_received", RECORD, "`notice --received-on`"),
    FactSource("notice_channel", LOG, "the medium of our notice; `record notice --channel`"),
    FactSource(
        "notice_returned", LOG, "a notice of ours that bounced or came back; `record notice --returned-on`"
    ),
    FactSource("state_of_exception", CANNOT, "a creditor who collects in Chile stops its calls meanwhile"),
    FactSource("authorised_channels", COLUMN, "`authorised_channels`"),
    FactSource("call_consent.*", RECORD, "`consent`"),
    FactSource("email_consent", COLUMN, "`email_consent_on`, or `dispatcher record consent`"),
    FactSource("esign_consent", RECORD, "`consent`"),
    FactSource("debt.bar_unknown", COLUMN, "`time_barred_on` (empty: nobody has said)"),
    FactSource("first_contact", LOG, "our messages that reached the debtor, and contacts made elsewhere"),
    FactSource("said", LOG, "the sentences of the law in our messages that reached the debtor"),
    FactSource(
        "law.*", ACT, "`config/places/coverage.yaml`, `reviewed` and `time_barred` of the packs that apply"
    ),
    FactSource("sender.role", COLUMN, "`sender_role`, else `senders.yaml`"),
    FactSource("holidays", CANNOT, "public holidays come from the packs' own calendars"),
    FactSource("system.audit_log_writable", LOG, "a message is claimed and logged in one transaction"),
)

LIMITS: tuple[str, ...] = (
    (
        "The law of a state, province or city for a debtor whose row names none, no postal code either, and whose "
        "numbers were issued elsewhere: only the country's packs apply."
    ),
    (
        "Whether a reading of the law is right. The numbers come from the sources named; many are marked "
        "secondary or unverified. Counsel must review each pack (`reviewed:` in its file) before real use."
    ),
    (
        "Calls, visits and letters made elsewhere, unless they are brought in with `import-contacts` or `record "
        "contact`. Caps and pauses count what the program is told."
    ),
    (
        "Whether New York City's debt collection procedures have begun for an original creditor (statements "
        "stopped, debt accelerated, suit): the pack binds always."
    ),
    (
        "Whether a Californian's commercial debt stays under 500,000 dollars in all: the debt type "
        "`covered_commercial` says so."
    ),
    (
        "Whether a District of Columbia debt is a motor-vehicle instalment: the pack binds it all the same (the "
        "debt type `mortgage` leaves those secured by real estate out)."
    ),
    (
        "Bereavement, weddings and festivals (India), religion and working hours (United Kingdom), unless "
        "recorded as a wish."
    ),
    "The hours that a Colombian consumer agreed to in a separate instrument: the statutory hours are kept.",
    (
        "Consent to be called at night (Florida, 12 CFR 1006.6(b)(4)) and court permission: hours are kept all "
        "the same."
    ),
    (
        "Whether forbearance was offered first (Directive (EU) 2023/2225 art. 35, from 2026-11-20), and the "
        "national law that carries out Directive (EU) 2021/2167."
    ),
    (
        "Whether the debtor gave the number to the original creditor: one in its file counts as given, which is "
        "consent to texts about that debt (FCC 2008 ACA ruling). Collectors need consent on record."
    ),
    "Municipal holidays: the calendars are national and regional.",
    "Who actually reads a mailbox, and who picks up a telephone.",
    "Who receives a payment (Mexico: the lender, never the agency): the payment link is the sender's word.",
    "Repeated disputes of the same matter (12 CFR 1006.38(a)(1)): each counts.",
    (
        "Massachusetts' five business days for a validation notice, New York's further initial notices and its "
        "itemisation of charged-off debts (23 NYCRR 1.2): the program writes none."
    ),
    (
        "The country whose law counts a spouse, a minor's parent or a successor in interest as the debtor. The house "
        "rules let them be written to where every zone that the file suggests lies in the United States, and nowhere "
        "else; no added pack widens that, since a pack only narrows."
    ),
    "Texas (Tex. Fin. Code 392.304): it adds no number to Regulation F, so there is no pack.",
    "Record keeping of what others do (12 CFR 1006.100 for calls): the program keeps its own log.",
)
