"""What went out wrong: a template's version, a run, a ledger or a rule pack; who is concerned; the breach clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dispatcher.delivery.domain.stop import Stop

# Article 33 (1) GDPR: a breach of personal data is told to the authority within 72 hours of becoming aware of it.
BREACH_CLOCK = timedelta(hours=72)
BREACH_TASK = "breach"
KIND = "correction"  # of the messages that put it right


class Cause(StrEnum):
    """Where the fault lies."""

    TEMPLATE = "template"
    RUN = "run"
    LEDGER = "ledger"
    PACK = "pack"


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """One of them. `name`: `first-reminder@2`, a run's or a ledger's number, `us-regf`. `aware_at` starts the clock."""

    id: int
    cause: Cause
    name: str
    why: str
    aware_at: datetime
    is_breach: bool
    opened_by: str
    opened_at: datetime
    creditor: str = ""  # of a ledger: whose deliveries are stopped
    template: str = ""  # the corrective one, once it is chosen
    corrected_by: str = ""
    corrected_at: datetime | None = None
    closed_by: str = ""
    closed_at: datetime | None = None
    outcome: str = ""

    @property
    def title(self) -> str:
        """As people call it."""
        return f"{self.cause.value} {self.name}"

    @property
    def due_at(self) -> datetime | None:
        """When the authority must have been told at the latest; None where personal data are safe."""
        return self.aware_at + BREACH_CLOCK if self.is_breach else None

    def hours_left(self, now: datetime) -> int:
        """Whole hours until then; negative once it has passed."""
        return int(((self.due_at or now) - now).total_seconds() // 3600)

    @property
    def stop(self) -> Stop | None:
        """What keeps more of it from going; None for a run, whose waiting messages are held one by one."""
        if self.cause is Cause.TEMPLATE:
            return Stop(scope="template", name=self.name.partition("@")[0])
        if self.cause is Cause.PACK:
            return Stop(scope="pack", name=self.name.partition("@")[0])
        return Stop(scope="creditor", name=self.creditor) if self.cause is Cause.LEDGER else None


def version_of(name: str) -> tuple[str, int | None]:
    """(template, version) of `first-reminder@2`; no version: all of them. Raises ValueError for another form."""
    template, at, number = name.partition("@")
    if not template or (at and not (number.isascii() and number.isdecimal())):
        raise ValueError(
            f"{name!r} names no template: write first-reminder, or first-reminder@2 for one version"
        )
    return template, int(number) if at else None
