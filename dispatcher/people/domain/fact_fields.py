"""What the rows of the table of facts share: words that a field may take, and the fields that many facts have."""

from dispatcher.people.domain.facts import Field, Takes

FORMS = ("letter", "email", "oral", "sms", "fax", "portal")
MEDIA = ("email", "sms", "letter", "call")
PLACES = ("home", "workplace")
CONTACT_CHANNELS = (
    "call", "voicemail", "sms", "email", "letter", "instant_message", "social", "visit", "portal",
)  # fmt: skip
OUTCOMES = (
    "conversation", "answered_complete", "unanswered", "voicemail", "busy", "not_in_service", "sent", "left",
    "inbound_from_consumer", "payment", "bounced",
)  # fmt: skip
ADDRESS_BASES = ("creditor_notice", "prior_collector", "direct_consent", "consumer_used_with_collector")
CHECK_RESULTS = ("not_reassigned", "reassigned")

DEBTS = Field(
    name="debt",
    says="The debt concerned; none: the person.",
    label="About",
    takes=Takes.DEBT,
    many=True,
)
ADDRESS = Field(
    name="address",
    says="An e-mail address or telephone number.",
    label="Address or number",
    takes=Takes.ADDRESS,
    column="address",
    erasable=True,
)
