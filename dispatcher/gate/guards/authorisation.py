"""Authority to use a channel and an address: consent, provenance, freshness, the employer's mailbox, E-SIGN."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from dispatcher.gate.act import Act, medium, medium_in_words
from dispatcher.gate.facts import NOTHING_ON_FILE, AddressBasis, Channel, DateOnFile, Kind, NumberBasis
from dispatcher.gate.guards.frequency import FrequencyCap
from dispatcher.gate.guards.guard import Guard, Refusal, block, hold
from dispatcher.gate.guards.opt_outs import is_automated
from dispatcher.values.zones import day_number

SUPPLIED_BY_OTHERS = frozenset({"creditor_notice", "prior_collector"})
LANDLINES = frozenset({"residential_landline", "landline", "business_landline"})


# What the debtor asks for by writing, or the law demands, needs no list of channels.
ASKED_FOR = frozenset({Kind.REPLY_TO_CONSUMER, Kind.OPTOUT_CONFIRMATION, Kind.LEGALLY_REQUIRED_NOTICE})


def unauthorised(act: Act) -> str:
    """Why the debtor's list of channels, where there is one, forbids this one; an empty list forbids all."""
    allowed = act.facts.authorised_channels
    if allowed is None or medium(act.action.channel) in {medium(channel) for channel in allowed}:
        return ""
    named = ", ".join(sorted(allowed)) or "none"
    return f"the debtor has not authorised {medium_in_words(act.action.channel)} (authorised: {named})"


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthorisedChannels(Guard):
    """Only the channels that the debtor authorised: by a list, which binds everywhere, or by consent to this one."""

    def refuse(self, act: Act) -> Refusal | None:
        """A block for a channel that is not on the list, or without a list for one without consent."""
        if act.facts.authorised_channels is not None:
            detail = unauthorised(act)
            return block(detail) if detail else None
        lacking = act.facts.email_consent is False or act.action.consent is False
        detail = f"the debtor has not authorised {medium_in_words(act.action.channel)}"
        return block(detail) if lacking else None


@dataclass(frozen=True, kw_only=True, slots=True)
class ElectronicConsent(Guard):
    """Electronic messages only with the debtor's consent; asking for it is another rule's matter.

    `supplied_by_debtor`: an e-mail address that the creditor or an earlier collector supplied will not do.
    """

    supplied_by_debtor: bool = False

    def refuse(self, act: Act) -> Refusal | None:
        """A block where no consent is on file, or where somebody else supplied the address."""
        basis = act.action.address_basis
        if self.supplied_by_debtor and basis is not None and basis.type in SUPPLIED_BY_OTHERS:
            return block(f"the debtor did not supply this e-mail address (ground: {basis.type})")
        lacking = act.facts.email_consent is False
        if act.action.channel != Channel.EMAIL:
            lacking = act.action.consent is False or (lacking and act.action.consent is None)
        return block(f"no consent to {medium_in_words(act.action.channel)} on file") if lacking else None


@dataclass(frozen=True, kw_only=True, slots=True)
class EmployerAddress(Guard):
    """No e-mail to an address that an employer provides.

    `unless_used`: allowed where the debtor consented directly or used it with the collector.
    """

    subject: ClassVar[str | None] = "action.employer_provided"

    unless_used: bool = True

    def refuse(self, act: Act) -> Refusal | None:
        """A block for such an address."""
        action = act.action
        if not action.employer_provided:
            return None
        basis = action.address_basis.type if action.address_basis else ""
        welcome = action.consumer_used_it_with_collector or action.consent
        welcome = welcome or basis in {"direct_consent", "consumer_used_with_collector"}
        return None if self.unless_used and welcome else block("the employer provides this e-mail address")


@dataclass(frozen=True, kw_only=True, slots=True)
class EmailProcedure(Guard):
    """The safe-harbour grounds for an e-mail address; without one a person decides.

    The debtor used it or consented; or the creditor gave notice with at least `notice_days` to opt out, the
    time is over and the domain is public; or a prior collector used it so. An opt-out ends every ground.
    """

    subject: ClassVar[str | None] = "action.address_basis"

    notice_days: int = 35

    def refuse(self, act: Act) -> Refusal | None:
        """A hold where the ground is missing; a block where the debtor opted out."""
        basis = act.action.address_basis
        if basis is None:
            return None
        if basis.opted_out:
            return block("the debtor opted this e-mail address out")
        if basis.type in {"consumer_used_with_collector", "direct_consent"}:
            return None
        if basis.type == "prior_collector":
            return _public(basis)
        if basis.type != "creditor_notice":
            return hold(f"no procedure covers this e-mail address (ground: {basis.type})")
        return self._time(act, basis.notice_sent, basis.optout_by) or _public(basis)

    def _time(self, act: Act, sent: DateOnFile, by: DateOnFile) -> Refusal | None:
        if sent is NOTHING_ON_FILE or by is NOTHING_ON_FILE:
            return hold("the creditor's notice or its opt-out date is not on file")
        if sent is not None and by is not None and (by - sent).days < self.notice_days:
            return hold(
                f"the creditor's notice left {(by - sent).days} days to opt out, not {self.notice_days}",
                notice=sent,
            )
        if by is not None and act.first_day <= day_number(by):
            return hold(f"the debtor may still opt this address out until {by}", until=by)
        return None


def _public(basis: AddressBasis) -> Refusal | None:
    if basis.public_domain is False:
        return hold("the address's domain is not one that the public can use")
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class TextProcedure(Guard):
    """The safe-harbour grounds for texting a number: the debtor texted or consented, confirmed within `days`."""

    subject: ClassVar[str | None] = "action.number_basis"

    days: int = 60

    def refuse(self, act: Act) -> Refusal | None:
        """A hold where the ground is missing or stale; a block where the number belongs to someone else now."""
        basis = act.action.number_basis
        if basis is None:
            return None
        if basis.rnd_result == "reassigned":
            return block("the database says the number has been reassigned", checked=basis.rnd_check)
        if basis.type not in {"consumer_texted", "direct_consent"}:
            return hold(f"no procedure covers texts to this number (ground: {basis.type})")
        latest = _latest(basis)
        if latest is None and _undated(basis):
            return None
        if latest is None or act.last_day - day_number(latest) > self.days:
            return hold(
                f"nothing within {self.days} days shows that the number is still the debtor's", latest=latest
            )
        return None

    def open_until(self, act: Act) -> int | None:
        """The day on which the ground grows stale."""
        latest = _latest(act.action.number_basis) if act.action.number_basis else None
        return None if latest is None else act.when_day_may_begin(day_number(latest) + self.days + 1)


def _latest(basis: NumberBasis) -> date | None:
    checked = basis.rnd_check if basis.rnd_result != "reassigned" else None
    days = (basis.last_text, basis.consent_on, checked)
    return max((day for day in days if isinstance(day, date)), default=None)


def _undated(basis: NumberBasis) -> bool:
    """Whether nobody said anything of dates, not even that there are none."""
    return basis.last_text is basis.consent_on is basis.rnd_check is None


@dataclass(frozen=True, kw_only=True, slots=True)
class ESign(Guard):
    """Notices that must be in writing go out electronically only with E-SIGN consent.

    A validation notice inside the initial communication needs none.
    """

    def refuse(self, act: Act) -> Refusal | None:
        """A block without that consent."""
        if act.action.esign_consent is not False:
            return None
        if act.kind == Kind.VALIDATION_NOTICE and act.action.in_initial_communication:
            return None
        return block("no E-SIGN consent for a notice that must be in writing")


@dataclass(frozen=True, kw_only=True, slots=True)
class RobocallConsent(Guard):
    """Prior express consent for autodialled texts, and for automated calls to mobiles."""

    def refuse(self, act: Act) -> Refusal | None:
        """A block without consent."""
        if act.action.consent is not False or not is_automated(act) or act.action.line in LANDLINES:
            return None
        return block("no prior express consent for an automated call or text to a mobile")


@dataclass(frozen=True, kw_only=True, slots=True)
class LandlineAllowance(Guard):
    """Prerecorded calls to a residential landline without consent: the few that the exemption allows."""

    subject: ClassVar[str | None] = "history"

    cap: FrequencyCap

    def refuse(self, act: Act) -> Refusal | None:
        """A deferral once the allowance is used up."""
        action = act.action
        spoken = action.prerecorded or action.ai_voice
        if not spoken or action.consent is not False or action.line not in LANDLINES:
            return None
        return self.cap.refuse(act)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoRecordings(Guard):
    """No recording and no machine's voice, whatever was agreed."""

    def refuse(self, act: Act) -> Refusal | None:
        """A block for what is not spoken by a person."""
        if not (act.action.prerecorded or act.action.ai_voice):
            return None
        return block("a call by a recording or a machine's voice")
