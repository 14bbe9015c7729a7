"""An exercise: an invented person, what they write, and what stands in the record after a good clerk's work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

CREDITOR = "acme"  # whose invented people they are: the shipped sender of samples
DOMAIN = "practice.example"  # nobody has it (RFC 2606)


@dataclass(frozen=True, kw_only=True, slots=True)
class Good:
    """What a good clerk leaves: the reading of the words, whether they are answered, what is agreed (plan, promise)."""

    reading: str
    reply: bool = False
    arrangement: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exercise:
    """`person`: columns of a ledger; `writes`: their words, by `channel`; `says`: what they say on the telephone."""

    name: str
    title: str
    person: Mapping[str, str]
    balance: Decimal  # US dollars
    channel: str
    writes: str
    good: Good
    why: str
    says: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What somebody has made of one: nothing yet where `read_at` is None."""

    wrote: bool = False  # the invented person has written
    item: int = 0  # the number of their words in the inbox
    reading: str = ""
    read_at: datetime | None = None
    replied: bool = False
    arrangements: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """`state`: waits (the person has not written), open, begun, good or otherwise; `missing`: sentences."""

    state: str
    missing: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do: as a good clerk would, or not."""
        return self.state in {"good", "otherwise"}


def judge(exercise: Exercise, work: Work) -> Judged:
    """Compare what stands in the record with what a good clerk would have left there."""
    if not work.wrote:
        return Judged(state="waits")
    if work.read_at is None:
        return Judged(state="open", missing=("say how the words are to be read",))
    good = exercise.good
    if work.reading != good.reading:
        was = work.reading.replace("_", " ") or "nothing that needs an answer"
        wanted = good.reading.replace("_", " ")
        return Judged(
            state="otherwise", missing=(f"it was read as {was}; a good clerk reads it as {wanted}",)
        )
    missing = []
    if good.reply and not work.replied:
        missing.append("answer them")
    if good.arrangement and good.arrangement not in work.arrangements:
        missing.append(f"write the {good.arrangement} down on their page")
    return Judged(state="begun" if missing else "good", missing=tuple(missing))


def reference_of(user: str, exercise: Exercise) -> str:
    """The invented person's reference: everybody who practises has people of their own."""
    return f"{user}-{exercise.name}"


def address_of(user: str, exercise: Exercise) -> str:
    """Their e-mail address."""
    return f"{exercise.name}.{user}@{DOMAIN}".lower()
