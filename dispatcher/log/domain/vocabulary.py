"""What the words of the log mean: whose each event is, what its details hold, how a story tells it.

An entry is sealed for good, so a word, once written, keeps its meaning and its shape. The tests refuse a word that
does not stand here, and details that it does not know; a log at work writes down whatever has happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dispatcher.log.domain.events import Event


class About(StrEnum):
    """Whose event it is."""

    MESSAGE = "message"
    PERSON = "person"
    RUN = "run"
    TEMPLATE = "template"
    CHANNEL = "channel"
    LEDGER = "ledger"
    USER = "user"
    LOG = "log"


class Tone(StrEnum):
    """How a story tells it: what was planned, sent, arrived, went wrong, was kept back, came from the person."""

    PLAN = "plan"
    SENT = "sent"
    GOOD = "good"
    BAD = "bad"
    KEPT = "kept"
    REPLY = "reply"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """What one event means.

    `says` is its sentence in a person's story, with {step}, {channel}, {hold}, {arrangement} and {instalment}; empty: a
    step inside the machine, which a story leaves out. `always` are details that every such entry has, `details` all
    that it may have.
    `counts`: it is activity with the person, from which retention reckons. `is_report`: its details are a report of
    a shape of its own.
    """

    about: About
    says: str
    tone: Tone = Tone.NOTE
    always: frozenset[str] = frozenset()
    details: frozenset[str] = frozenset()
    counts: bool = True
    is_report: bool = False


def _word(
    about: About,
    says: str = "",
    tone: Tone = Tone.NOTE,
    *,
    always: str = "",
    details: str = "",
    counts: bool = True,
) -> Word:
    needed = frozenset(always.split())
    known = needed | frozenset(details.split())
    return Word(about=about, says=says, tone=tone, always=needed, details=known, counts=counts)


def _report(about: About, says: str, tone: Tone = Tone.NOTE) -> Word:
    return Word(about=about, says=says, tone=tone, is_report=True)


_MESSAGE, _PERSON, _LOG = About.MESSAGE, About.PERSON, About.LOG
_REPORTED = "provider_time permanent code reason found_by word"  # what a provider's event says
_ENDED = "attempt code reason scope note next_try_at found_by duration"
_SAID = "source"

VOCABULARY: Mapping[Event, Word] = {
    # A message on its way.
    Event.PLANNED: _word(
        _MESSAGE,
        "Planned {step} by {channel}",
        Tone.PLAN,
        details="relation other_channels not_before not_after segment segment_because arm",
    ),
    Event.QUEUED: _word(_MESSAGE, details="template_sha256 not_before"),
    Event.OUTDATED: _word(_MESSAGE, "Its text was made anew: {step} by {channel}", details="not_before"),
    Event.ATTEMPTING: _word(_MESSAGE, always="attempt", details="not_after grounds cleared"),
    Event.ACCEPTED: _word(
        _MESSAGE, "Sent {step} by {channel}", Tone.SENT, details=f"{_ENDED} {_REPORTED} event_id"
    ),
    Event.RETRY: _word(_MESSAGE, "Not taken for now, tried again later: {step} by {channel}", details=_ENDED),
    Event.REJECTED: _word(
        _MESSAGE,
        "Rejected by the provider: {step} by {channel}",
        Tone.BAD,
        details=f"{_ENDED} {_REPORTED} event_id",
    ),
    Event.UNKNOWN: _word(
        _MESSAGE,
        "Not known whether it arrived: {step} by {channel}",
        Tone.BAD,
        details=f"{_ENDED} was why state",
    ),
    Event.LATE_ANSWER: _word(_MESSAGE, "The provider answered late: {step} by {channel}", details=_ENDED),
    Event.EXPIRED: _word(
        _MESSAGE, "Not sent in time and given up: {step} by {channel}", Tone.KEPT, details=_ENDED
    ),
    Event.DEFERRED: _word(
        _MESSAGE,
        "Kept until it is allowed: {step} by {channel}",
        Tone.KEPT,
        details="not_before relation template_sha256 segment segment_because arm",
    ),
    Event.HELD: _word(
        _MESSAGE,
        "Held for a person to decide: {step} by {channel}",
        Tone.KEPT,
        details="relation other_channels not_before not_after why state template_sha256 segment segment_because arm",
    ),
    Event.BLOCKED: _word(
        _MESSAGE,
        "Not sent: {step} by {channel} is not allowed",
        Tone.KEPT,
        details="relation segment segment_because arm",
    ),
    Event.CANCELLED: _word(
        _MESSAGE, "Cancelled before sending: {step} by {channel}", Tone.KEPT, details="not_before why state"
    ),
    Event.RELEASED: _word(_MESSAGE, "Released: {step} by {channel}", always="state", details="why"),
    Event.RESOLVED: _word(
        _MESSAGE, "A person found out what became of it: {step} by {channel}", always="sent state why"
    ),
    Event.ACKNOWLEDGED: _word(_MESSAGE, "Somebody took note: {step} by {channel}", always="why"),
    Event.TAKEN: _word(_MESSAGE, "Somebody took it on their desk: {step} by {channel}"),
    Event.PROCESSED: _word(
        _MESSAGE, "In the provider's hands: {step} by {channel}", always="event_id", details=_REPORTED
    ),
    Event.PROVIDER_SENT: _word(
        _MESSAGE, "Passed on by the provider: {step} by {channel}", always="event_id", details=_REPORTED
    ),
    Event.DELAYED: _word(
        _MESSAGE, "Delayed on its way: {step} by {channel}", always="event_id", details=_REPORTED
    ),
    Event.DELIVERED: _word(
        _MESSAGE, "Delivered: {step} by {channel}", Tone.GOOD, always="event_id", details=_REPORTED
    ),
    Event.OPENED: _word(_MESSAGE, "Opened: {step} by {channel}", always="event_id", details=_REPORTED),
    Event.CLICKED: _word(
        _MESSAGE, "A link was followed: {step} by {channel}", always="event_id", details=_REPORTED
    ),
    Event.BOUNCED: _word(
        _MESSAGE,
        "Came back: {step} by {channel}; the address does not take it",
        Tone.BAD,
        always="event_id",
        details=_REPORTED,
    ),
    Event.RETURNED: _word(
        _MESSAGE, "Came back: {step} by {channel}", Tone.BAD, always="event_id", details=_REPORTED
    ),
    Event.COMPLAINED: _word(
        _MESSAGE,
        "Called unwanted by the person: {step} by {channel}",
        Tone.BAD,
        always="event_id",
        details=_REPORTED,
    ),
    Event.UNSUBSCRIBED: _word(
        _MESSAGE,
        "Unsubscribed at the provider: {step} by {channel}",
        Tone.REPLY,
        always="event_id",
        details=_REPORTED,
    ),
    Event.MAILED: _word(_MESSAGE, "Put into the post: {step}", always="event_id", details=_REPORTED),
    Event.IN_TRANSIT: _word(_MESSAGE, "On its way in the post: {step}", always="event_id", details=_REPORTED),
    Event.PROVIDER_EVENT: _word(
        _MESSAGE,
        "The provider said something else: {step} by {channel}",
        always="event_id",
        details=_REPORTED,
    ),
    Event.UNMATCHED_EVENT: _word(
        About.CHANNEL, "An event about no message of ours", always="event_id kind said_message"
    ),
    Event.ACCOUNT_ASKED: _word(
        About.CHANNEL, "A provider's account was held against our record", always="learned told strange gaps"
    ),
    Event.ADDRESS_CLOSED: _word(_MESSAGE, "The address was closed", always="reason"),
    # What a person said or did, and what was recorded of them.
    Event.INBOUND: _word(
        _PERSON,
        "The person answered",
        Tone.REPLY,
        always="channel direction outcome kind made_at",
        details=f"{_SAID} meaning matched",
    ),
    Event.OPTED_OUT: _word(
        _PERSON,
        "The person said stop",
        Tone.REPLY,
        always="scope medium",
        details=f"{_SAID} also_binds matched language because code",
    ),
    Event.OPTED_IN: _word(
        _PERSON, "The person asked to hear from us again", Tone.REPLY, always="reopened matched"
    ),
    Event.OPT_OUT_REVOKED: _word(
        _PERSON, "A stop was taken back", Tone.REPLY, always="kind count", details=_SAID
    ),
    Event.HOLD_RECORDED: _word(
        _PERSON,
        "Recorded: {hold}",
        always="hold",
        details=(
            f"{_SAID} since until before after form validation_period_end amount contact_known unresponsive "
            "consented_to_direct_contact medium_accepted answered cause"
        ),
        counts=False,
    ),
    Event.HOLD_RELEASED: _word(
        _PERSON, "Ended: {hold}", always="hold", details=f"{_SAID} count before after", counts=False
    ),
    Event.PAYMENT_RECORDED: _word(
        _PERSON,
        "The person paid",
        Tone.REPLY,
        always="amount currency paid_on left",
        details=f"{_SAID} id external_id",
    ),
    Event.CONTACT_RECORDED: _word(
        _PERSON,
        "A contact made elsewhere was recorded",
        always="channel direction outcome kind made_at",
        details=_SAID,
    ),
    Event.CONTACTS_IMPORTED: _word(
        About.LEDGER,
        "Contacts made elsewhere were imported",
        always="file rows imported known refused stopped unclear source",
    ),
    Event.CONSENT_RECORDED: _word(
        _PERSON,
        "A consent was recorded",
        Tone.REPLY,
        always="consent given_on",
        details=(
            f"{_SAID} before medium scope directly_to_collector result type optout_by public_domain opted_out"
        ),
    ),
    Event.WISH_RECORDED: _word(
        _PERSON,
        "A wish was recorded",
        Tone.REPLY,
        always="wish",
        details=(
            f"{_SAID} days from to place language zone authoritative employer_prohibits oral_request "
            "written_confirmation account debts"
        ),
    ),
    Event.NOTICE_RECORDED: _word(
        _PERSON,
        "A notice sent before was recorded",
        always="notice sent_on",
        details=f"{_SAID} validation_period_end channel received_on returned_on proof proof_sha256",
    ),
    Event.AFFORDABILITY_RECORDED: _word(
        _PERSON,
        "They stated what they can pay",
        Tone.REPLY,
        always="stated_on",
        details=_SAID,
    ),
    Event.FACT_AMENDED: _word(
        _PERSON,
        "What was recorded before was added to",
        details=(
            f"{_SAID} hold received_on returned_on proof proof_sha256 channel cause recording recording_sha256 "
            "consent notice contact opt_out affordability since form validation_period_end amount "
            "contact_known unresponsive consented_to_direct_contact medium_accepted answered medium scope "
            "directly_to_collector result type optout_by public_domain opted_out address_place prerecorded "
            "consent_to_other_medium"
        ),
    ),
    Event.FACT_ENDED: _word(
        _PERSON, "What was recorded before has ended", always="kind count", details=f"{_SAID} before"
    ),
    Event.TRIAL_ENTERED: _word(
        _PERSON, "The step came into a trial of when it goes", Tone.PLAN, always="arm"
    ),
    Event.CALL_PLANNED: _word(_PERSON, "A call was planned", Tone.PLAN, always="call", details="segment"),
    Event.CALL_PUT_OFF: _word(_PERSON, "A call was put off: the day held no more", Tone.KEPT),
    Event.CALL_RESERVED: _word(_PERSON, "Somebody took the call on their desk", always="call valid_until"),
    Event.CALL_RELEASED: _word(_PERSON, "The call was put back", always="call why"),
    Event.CALL_REFUSED: _word(_PERSON, "The call is not allowed any more", Tone.KEPT, always="call"),
    Event.CALL_EXPIRED: _word(_PERSON, "Nobody made the call in time", Tone.KEPT, always="call"),
    Event.CALL_MADE: _word(
        _PERSON, "The person was called", Tone.SENT, always="call outcome made_at", details="step_done_on"
    ),
    Event.CALL_CORRECTED: _word(
        _PERSON,
        "What a call came to was corrected",
        always="call outcome was why made_at",
        details="step_done_on",
    ),
    Event.CONTACT_ASKED: _word(
        _PERSON,
        "Another system asked whether it may contact by {channel}",
        always="asked_for",
        details="not_before valid_until",
        counts=False,
    ),
    Event.DOCUMENT_ADDED: _word(
        _PERSON, "The creditor provided a document", always="document kind", counts=False
    ),
    Event.DOCUMENT_WITHDRAWN: _word(
        _PERSON, "The creditor withdrew a document", always="document kind", counts=False
    ),
    Event.ERASED: _word(
        _PERSON,
        "Personal values and bodies were erased",
        always="bodies kept_bodies personal why",
        counts=False,
    ),
    Event.EXPORTED: _word(
        _PERSON,
        "A copy of these entries was taken out",
        always="entries form scope to_position",
        counts=False,
    ),
    Event.LIST_EXPORTED: _word(
        About.USER,
        "A list was taken out",
        always="list form filter other_filters",
        details="person",
        counts=False,
    ),
    Event.VIEWED: _word(_PERSON, "Somebody looked at what is kept", always="what person", counts=False),
    Event.PAYMENT_REVERSED: _word(
        _PERSON, "A payment was taken back", always="id amount currency", details=_SAID
    ),
    Event.INSTALMENT_PAID: _report(_PERSON, "Paid as agreed: payment {instalment}", Tone.GOOD),
    Event.INSTALMENT_MISSED: _report(_PERSON, "Not seen by the ledger: payment {instalment}", Tone.BAD),
    Event.ARRANGEMENT_OFFERED: _report(_PERSON, "Offered: ways to pay, by {channel}"),
    Event.ARRANGEMENT_AGREED: _report(_PERSON, "Agreed: a {arrangement}", Tone.GOOD),
    Event.ARRANGEMENT_KEPT: _report(_PERSON, "Kept: the {arrangement}", Tone.GOOD),
    Event.ARRANGEMENT_BROKEN: _report(_PERSON, "Broken: the {arrangement}", Tone.BAD),
    Event.ARRANGEMENT_REOPENED: _report(
        _PERSON, "Open again, as a payment was taken back: the {arrangement}", Tone.BAD
    ),
    Event.ARRANGEMENT_CANCELLED: _report(_PERSON, "Cancelled: the {arrangement}"),
    Event.ARRANGEMENT_REPLACED: _report(_PERSON, "Replaced by another: the {arrangement}"),
    Event.HANDOVER_DECIDED: _report(_PERSON, "Decided to hand the debt over"),
    Event.HANDOVER_NOTIFIED: _report(_PERSON, "The final notice has gone out"),
    Event.HANDOVER_REFUSED: _report(_PERSON, "Decided not to hand the debt over"),
    Event.HANDOVER_WITHDRAWN: _report(_PERSON, "The hand-over was taken back"),
    Event.HANDED_OVER: _report(_PERSON, "Handed over to counsel"),
    Event.OWN_PAGE_OPENED: _word(_PERSON, "Proved who they are on their own page", Tone.REPLY, details=_SAID),
    Event.OWN_PAGE_REFUSED: _word(
        _PERSON, "Wrong answers on the person's own page", always="tries", details=_SAID
    ),
    Event.OWN_PAGE_CLOSED: _word(
        _PERSON, "The person's own page was closed", Tone.BAD, always="why", details=_SAID
    ),
    Event.OWN_PAGE_REOPENED: _word(_PERSON, "The person's own page was opened again", details=_SAID),
    # Runs and the desk.
    Event.RUN_ORDERED: _word(About.RUN, "A run was started from the page", always="plan_digest"),
    Event.RUN_PLANNED: _report(About.RUN, "A day was planned"),
    Event.RUN_SUMMARY: _report(About.RUN, "A run was summed up"),
    Event.VOLUME_CONFIRMED: _word(About.RUN, "An unusual volume was confirmed", always="excesses"),
    Event.RULES_IN_FORCE: _word(About.RUN, "These rule packs are in force", always="packs"),
    Event.LINKS_FOUND: _word(About.USER, "Records that may be of one person were found", always="likely"),
    Event.LINK_CONFIRMED: _word(About.USER, "Two records were said to be one person", always="link"),
    Event.LINK_REFUSED: _word(About.USER, "Two records were said to be two people", always="link"),
    Event.TASKS_TAKEN: _word(About.USER, "Tasks were taken", always="tasks"),
    Event.RUN_REDATED: _word(About.RUN, "A run was dated back", always="run from to why"),
    Event.READING_CONFIRMED: _word(About.USER, "A person read an answer", always="item reading proposed"),
    Event.READING_UNDONE: _word(About.USER, "A reading was taken back", always="item was"),
    Event.DUTY_BEGUN: _word(About.USER, "A duty of the law began", always="key duty pack begun due"),
    Event.DUTY_DONE: _word(
        About.USER, "A duty of the law was done", always="key duty pack due", details="evidence sha256"
    ),
    Event.TASKS_DONE: _word(About.USER, "Tasks were done", always="tasks", details="outcome_given"),
    Event.HANDLER_SET: _word(
        About.USER, "A handler was set", always="handler", details="deputy away_from away_until"
    ),
    Event.HANDLER_RULE_ADDED: _word(
        About.USER,
        "A rule says who handles whom",
        always="rule handler",
        details="creditor country from_letter to_letter",
    ),
    Event.HANDLER_RULE_ENDED: _word(About.USER, "A rule of handlers was ended", always="rule"),
    Event.HANDLER_GIVEN: _word(
        _PERSON, "Somebody said who handles the person", always="why", details="handler", counts=False
    ),
    Event.INCIDENT_OPENED: _word(
        About.RUN, "Something went out wrong", always="incident cause name why held concerned is_breach"
    ),
    Event.INCIDENT_CORRECTED: _word(
        About.RUN, "Corrections of an incident were planned", always="incident template planned left"
    ),
    Event.INCIDENT_CLOSED: _word(About.RUN, "An incident was closed", always="incident outcome"),
    Event.LAW_REVIEWED: _word(
        About.USER, "Counsel has reviewed what is said of the law", always="kind name digest"
    ),
    Event.LAW_REVIEW_ENDED: _word(About.USER, "Counsel no longer stands by a review", always="kind name why"),
    # Channels and stops.
    Event.CHANNEL_PAUSED: _word(About.CHANNEL, "A channel paused", always="reason until"),
    Event.STOPPED: _word(About.CHANNEL, "Sending was stopped", always="scope name why", details="code"),
    Event.RESUMED: _word(About.CHANNEL, "Sending went on", always="scope name why"),
    # The ledger.
    Event.PORTFOLIO_IMPORTED: _report(About.LEDGER, "A ledger was imported"),
    Event.PORTFOLIO_REFUSED: _report(About.LEDGER, "A ledger was refused"),
    Event.MAPPING_SAVED: _word(About.LEDGER, "A mapping was saved", always="name text"),
    Event.ABSENCE_ACCEPTED: _report(
        About.LEDGER, "Something of the configuration was said to be gone for good"
    ),
    Event.CHANGES_EXPORTED: _report(About.LEDGER, "Changes were exported for the ledger"),
    # Templates.
    **{
        event: _word(About.TEMPLATE, says, always="template_sha256 author", details="source why")
        for event, says in {
            Event.TEMPLATE_SUBMITTED: "A template was handed in for review",
            Event.TEMPLATE_APPROVED: "A template was approved",
            Event.TEMPLATE_SENT_BACK: "A template was sent back",
            Event.TEMPLATE_PUBLISHED: "A template was published",
            Event.TEMPLATE_RETIRED: "A template was taken out of use",
            Event.TEMPLATE_WITHDRAWN: "A template was withdrawn",
        }.items()
    },
    # The configuration that is kept on the pages.
    **{
        event: _word(
            About.USER, says, always="kind name version sha256 author", details="why since heard_less"
        )
        for event, says in {
            Event.CONFIG_IMPORTED: "A text of the configuration was taken over from a file",
            Event.CONFIG_SUBMITTED: "A change of the configuration was handed in",
            Event.CONFIG_PUBLISHED: "A change of the configuration was put in force",
            Event.CONFIG_SENT_BACK: "A change of the configuration was sent back",
            Event.CONFIG_WITHDRAWN: "A change of the configuration was taken back",
            Event.CONFIG_RETIRED: "A text of the configuration was taken out of force",
        }.items()
    },
    Event.CONFIG_IN_FORCE: _word(
        About.RUN, "This configuration of the pages is in force", always="digest texts"
    ),
    Event.TEST_SENT: _word(About.TEMPLATE, "A trial was sent to its author", always="outcome message"),
    # Users.
    Event.USER_ADDED: _word(About.USER, "A user was added", always="user roles"),
    Event.USER_ROLES_SET: _word(About.USER, "A user's roles were set", always="user roles before"),
    Event.USER_DISABLED: _word(About.USER, "A user was disabled", always="user"),
    Event.USER_ENABLED: _word(About.USER, "A user was enabled", always="user"),
    Event.PASSWORD_SET: _word(About.USER, "A password was set", always="user"),
    Event.TOKEN_MADE: _word(About.USER, "A token was made", always="user token"),
    Event.TOKENS_REVOKED: _word(About.USER, "Tokens were revoked", always="user count"),
    Event.SERVICE_ACCOUNT_ADDED: _word(
        About.USER, "A program's account was added", always="account scopes", details="creditor test"
    ),
    Event.SERVICE_ACCOUNT_ENDED: _word(About.USER, "A program's account was ended", always="account"),
    Event.SERVICE_KEY_MADE: _word(About.USER, "A program's key was made", always="account key"),
    Event.SERVICE_KEY_ENDED: _word(About.USER, "A program's key was ended", always="account key"),
    Event.WEBHOOK_ADDED: _word(About.USER, "A webhook was added", always="webhook url", details="creditor"),
    Event.WEBHOOK_ENDED: _word(About.USER, "A webhook was ended", always="webhook", details="why"),
    Event.WEBHOOK_RETRIED: _word(About.USER, "A webhook was tried again", always="webhook"),
    Event.SIGNED_IN: _word(About.USER, "Signed in", details="address way"),
    Event.SIGNED_OUT: _word(About.USER, "Signed out"),
    Event.SIGN_IN_REFUSED: _word(About.USER, "A sign-in was refused", always="why", details="address"),
    Event.SESSIONS_ENDED: _word(About.USER, "Sessions were ended", always="count"),
    Event.SECOND_FACTOR_SET: _word(About.USER, "Codes from a phone are asked for"),
    Event.SECOND_FACTOR_ENDED: _word(About.USER, "Codes from a phone are asked for no longer"),
    Event.SECOND_FACTOR_RESET: _word(
        About.USER, "An administrator took a phone's codes away", always="user why"
    ),
    Event.RECOVERY_CODES_MADE: _word(About.USER, "New recovery codes were made"),
    Event.PROVIDER_LINKED: _word(About.USER, "Signs in by the provider from here on", always="user subject"),
    # The log itself and its database.
    Event.KEY_REPLACED: _report(_LOG, "A key was replaced"),
    Event.RESTORED: _report(_LOG, "An older database was put back"),
    Event.ADOPTED: _word(_LOG, "A copy of the database was adopted", always="kind unknown why trouble"),
    Event.RESTORE_DRILLED: _word(
        _LOG, "A restore was practised", always="file made_at passed entries rows findings"
    ),
}


def word(event: str) -> Word:
    """What a word means; raises ValueError for one that the log does not have."""
    try:
        return VOCABULARY[Event(event)]
    except (ValueError, KeyError):
        raise ValueError(
            f"{event!r} is no event of the log: add it to log/domain/events.py and vocabulary.py"
        ) from None
