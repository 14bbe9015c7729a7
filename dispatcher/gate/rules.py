"""Rules and rule packs: law as dated data, each rule a guard with its scope and its source."""

from dataclasses import dataclass, field
from datetime import date

from dispatcher.gate.act import Act
from dispatcher.gate.decision import Outcome
from dispatcher.gate.duty import Duty
from dispatcher.gate.facts import Action, Channel, Kind
from dispatcher.gate.guards.guard import Guard, Refusal
from dispatcher.values.zones import day_number

ALL_CHANNELS = frozenset(str(channel) for channel in Channel)
ALL_KINDS = frozenset(str(kind) for kind in Kind)
DEBT_TYPES = ("consumer", "covered_commercial", "commercial", "medical", "student", "mortgage")
ROLES = {"third_party": "third_party_collector"}  # the portfolio's shorter word


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """Where the rule stands written: `quote` its decisive words, `read_on` the day on which they were read.

    `link`: the law's own address; `read_at`: where the words were read, if elsewhere (an address, or words);
    `unread`: why nobody has read the law's own words.
    """

    title: str
    link: str = ""
    quote: str = ""
    read_on: date | None = None
    read_at: str = ""
    unread: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule of a pack. It is in force from `valid_from` until the day before `valid_to`.

    `channels` and `kinds`: the acts it covers; `places`, `places_apart`, `recipients_apart` and `lines_apart`
    narrow them by the address's place, the recipient's relation and the telephone line. `roles`: the senders that
    it binds among those of its pack; empty: all.
    """

    id: str
    says: str
    family: str
    guard: Guard
    reference: Reference
    valid_from: date
    valid_to: date | None = None
    status: str = "law"
    verified: str = "unverified"
    channels: frozenset[str] = ALL_CHANNELS
    kinds: frozenset[str] = ALL_KINDS
    places: frozenset[str] | None = None
    places_apart: frozenset[str] = frozenset()
    recipients_apart: frozenset[str] = frozenset()
    lines_apart: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    from_day: int = field(init=False)
    to_day: int = field(init=False)
    always: bool = field(init=False)
    may_end: bool = field(init=False)

    def __post_init__(self) -> None:
        """Keep the dates as day numbers, for speed."""
        object.__setattr__(self, "from_day", day_number(self.valid_from))
        object.__setattr__(self, "to_day", day_number(self.valid_to or date.max))
        narrow = self.places is not None or self.places_apart or self.recipients_apart or self.lines_apart
        object.__setattr__(self, "always", not narrow)
        object.__setattr__(self, "may_end", self.guard.may_end)

    @property
    def since(self) -> str:
        """From which day it holds, or `unknown`: then it holds on every day."""
        return "unknown" if self.valid_from == date.min else self.valid_from.isoformat()

    def role(self, role: str | None) -> bool:
        """Whether a sender of that role is bound; an unstated role is."""
        return _is_bound(self.roles, role)

    def in_force(self, on: date) -> bool:
        """Whether the rule holds on that date."""
        return self.from_day <= day_number(on) < self.to_day

    def covers(self, action: Action) -> bool:
        """Whether the rule is about such a place, recipient and line (its channels and kinds apart)."""
        if action.recipient.relation in self.recipients_apart or action.line in self.lines_apart:
            return False
        if action.address_place in self.places_apart:
            return False
        return self.places is None or action.address_place in self.places

    def refuse(self, act: Act) -> Refusal | None:
        """The guard's refusal of an act that the rule covers, while the rule is in force at `act.at`."""
        if act.last_day < self.from_day or act.first_day >= self.to_day:
            return None
        refusal = self.guard.refuse(act)
        return refusal if refusal is None or self.valid_to is None else self._until_lapse(refusal, act)

    def _until_lapse(self, refusal: Refusal, act: Act) -> Refusal:
        """A deferral waits no longer than the rule lives."""
        lapse = act.when_day_begins(self.to_day)
        if refusal.not_before is None or refusal.not_before <= lapse:
            return refusal
        detail = f"{refusal.detail}; the rule itself ends on {self.valid_to}"
        return Refusal(outcome=Outcome.DEFER, detail=detail, not_before=lapse, inputs=refusal.inputs)

    def open_until(self, act: Act) -> int | None:
        """Until when an act that it allows now stays allowed; a rule to come may end it as it begins."""
        if act.first_day >= self.to_day:
            return None
        if act.last_day >= self.from_day:
            return self.guard.open_until(act)
        begins = act.moved(act.when_day_may_begin(self.from_day))
        return begins.at if self.guard.refuse(begins) is not None else self.guard.open_until(begins)


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A place whose law a pack is: country, perhaps region (ISO 3166-2) and city; `regions_apart` have their own.

    `numbers`: how the telephone numbers issued for the place begin (E.164); `postcodes`: how its postal codes do.
    """

    country: str
    region: str | None = None
    city: str | None = None
    regions_apart: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    postcodes: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """Whom and what a pack binds: senders' roles, debt types with the date from which they count, arrears.

    Empty roles or types: all. `past_due_more_than`: days past due below which the pack is silent.
    """

    roles: frozenset[str] = frozenset()
    debt_types: dict[str, date] = field(default_factory=dict)
    past_due_more_than: int | None = None

    def role(self, role: str | None) -> bool:
        """Whether a sender of that role is bound; an unstated role is."""
        return _is_bound(self.roles, role)

    def debt_type(self, debt_type: str | None, on: date) -> bool:
        """Whether the pack speaks of that type on that date; no type, or one of another name, is a consumer's."""
        if not self.debt_types:
            return True
        since = self.debt_types.get(debt_type if debt_type in DEBT_TYPES else "consumer")
        return since is not None and since <= on

    def arrears(self, act: Act) -> bool:
        """Whether the debt is far enough past due at `act.at`; unstated arrears are."""
        if self.past_due_more_than is None:
            return True
        days = act.past_due_days()
        return days is None or days > self.past_due_more_than


def _is_bound(roles: frozenset[str], role: str | None) -> bool:
    return not roles or role is None or ROLES.get(role, role) in roles


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """Counsel's word on a pack."""

    by: str
    on: date
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeBarred:
    """How a place's law lets a time-barred debt be asked for, and from what age one of unknown status counts as such.

    `sentences`: names of those that the text must hold; None: the pack does not say that it may be asked for.
    """

    sentences: tuple[str, ...] | None = None
    unknown_after_days: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RulePack:
    """The rules of one jurisdiction or policy; `digest` is the SHA-256 of its file."""

    name: str  # as in the cases: US-REGF
    title: str
    version: str
    digest: str
    rules: tuple[Rule, ...]
    applies: tuple[Region, ...] = ()
    everywhere: bool = False
    binds: Binding = field(default_factory=Binding)
    reviewed: Review | None = None
    time_barred: TimeBarred = TimeBarred()
    own_first_contact: bool = False  # a debt's first contact must be a message of its own
    # May a message about other debts name a disputed one; None: says nothing
    names_disputed: bool | None = None
    against_us: str = ""  # which sentence of it a regulator would quote against the program
    duties: tuple[Duty, ...] = ()  # what the desk owes within a time
    in_force: dict[str, date] = field(
        default_factory=dict
    )  # a text, as references name it: since when it holds

    @property
    def stamp(self) -> str:
        """Name, version and digest, as the log keeps them."""
        return f"{self.name.lower()}@{self.version}/{self.digest[:12]}"

    def __hash__(self) -> int:
        return hash((self.name, self.digest))
