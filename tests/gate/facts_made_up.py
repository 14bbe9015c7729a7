"""Hypothesis strategies for contact facts: any channel and kind, zones with odd clocks, histories, wishes."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from dispatcher.gate.facts import (
    Action,
    Attorney,
    CallConsent,
    Channel,
    ContactFacts,
    ContentFindings,
    DebtFacts,
    HistoryEntry,
    InconvenientTime,
    Kind,
    NumberBasis,
    OptOut,
    Recipient,
    Workplace,
    ZoneCandidate,
)

ZONES = (
    "America/New_York", "America/Chicago", "America/Phoenix", "America/Los_Angeles", "America/St_Johns",
    "America/Mexico_City", "America/Tijuana", "America/Bogota", "America/Santiago", "America/Sao_Paulo",
    "America/Havana", "America/Edmonton", "Europe/London", "Europe/Madrid", "Africa/Casablanca", "Africa/Cairo",
    "Asia/Kolkata", "Asia/Kathmandu", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham",
)  # fmt: skip
START = datetime(2024, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)

quarters = st.integers(0, 4 * 365 * 24 * 4).map(lambda n: START + n * QUARTER)
seconds = st.integers(0, 4 * 365 * 24 * 3600).map(lambda n: START + timedelta(seconds=n))
candidates = st.lists(
    st.builds(
        ZoneCandidate,
        source=st.sampled_from(("residence", "mobile_area_code", "landline_area_code", "consumer_statement")),
        zone=st.sampled_from(ZONES),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
wishes = st.lists(
    st.builds(
        InconvenientTime,
        days=st.lists(
            st.sampled_from(("MO", "TU", "WE", "TH", "FR", "SA", "SU")), max_size=4, unique=True
        ).map(tuple),
        since=st.sampled_from(("00:00", "09:00", "12:30", "17:00", "22:00")),
        until=st.sampled_from(("06:00", "12:00", "15:15", "18:00", "24:00")),
    ),
    max_size=2,
).map(tuple)
opt_outs = st.lists(
    st.builds(
        OptOut,
        address=st.sampled_from((None, "here", "there")),
        medium=st.sampled_from((None, "sms", "email", "call")),
    ),
    max_size=2,
).map(tuple)


def histories(
    now: datetime, kinds: st.SearchStrategy[str | None] | None = None
) -> st.SearchStrategy[tuple[HistoryEntry, ...]]:
    """Up to eight contacts of the last 40 days, on quarters of an hour."""
    entry = st.builds(
        HistoryEntry,
        at=st.integers(1, 40 * 96).map(lambda n: now - n * QUARTER),
        channel=st.sampled_from(("call", "sms", "email", "letter", "voicemail")),
        outcome=st.sampled_from(
            ("conversation", "unanswered", "sent", "left", "busy", "inbound_from_consumer", "bounced")
        ),
        debts=st.sampled_from(((), ("D1",), ("D2",), ("D1", "D2"))),
        kind=kinds or st.sampled_from((None, "collection", "courtesy", "reply_to_consumer")),
        address_place=st.sampled_from((None, None, "workplace")),
    )
    return st.lists(entry, max_size=8).map(tuple)


@st.composite
def facts(draw: st.DrawFn, *, moments: st.SearchStrategy[datetime] = seconds) -> ContactFacts:
    """Any facts that the gate may meet."""
    now = draw(moments)
    action = Action(
        channel=str(draw(st.sampled_from(Channel))),
        kind=str(draw(st.sampled_from((Kind.COLLECTION, Kind.COLLECTION, *Kind)))),
        to=draw(st.sampled_from((None, "here"))),
        debts=draw(st.sampled_from(((), ("D1",), ("D1", "D2")))),
        address_place=draw(st.sampled_from((None, None, "home", "workplace"))),
        recipient=draw(
            st.sampled_from((Recipient(), Recipient(), Recipient(), Recipient(relation="spouse")))
        ),
        number_basis=draw(
            st.none() | st.builds(NumberBasis, type=st.just("consumer_texted"), last_text=_recent(now))
        ),
        content=draw(st.none() | st.just(ContentFindings(sender_identified=True, optout_notice=True))),
    )
    return ContactFacts(
        now=now,
        action=action,
        zones=draw(candidates),
        history=draw(histories(now)),
        opt_outs=draw(st.just(()) | opt_outs),
        inconvenient_times=draw(wishes),
        attorney=draw(st.none() | st.builds(Attorney, unresponsive=st.booleans())),
        workplace=draw(st.none() | st.builds(Workplace, oral_request=_recent(now))),
        debt=DebtFacts(due=draw(st.none() | _recent(now, ahead=12, back=60))),
        notice_sent=draw(st.none() | _recent(now)),
        breathing_space_until=draw(st.none() | _recent(now, ahead=20)),
        call_consent=draw(
            st.none() | st.builds(CallConsent, given=st.integers(0, 10 * 96).map(lambda n: now - n * QUARTER))
        ),
        holidays=draw(st.lists(_recent(now, ahead=10, back=0), max_size=2).map(tuple)),
        sender_role=draw(st.sampled_from((None, "third_party_collector", "original_creditor"))),
    )


def _recent(now: datetime, *, ahead: int = 0, back: int = 15) -> st.SearchStrategy[date]:
    return st.integers(-back, ahead).map(lambda days: now.date() + timedelta(days=days))
