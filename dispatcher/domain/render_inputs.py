"""Everything a message's text is made from, as one value with a digest."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from typing import Any

from channels.kind import ChannelKind
from dispatcher.domain.instalments import InstalmentPlan
from dispatcher.domain.money import Money
from dispatcher.domain.sender import Sender


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtorView:
    """The person written to. All strings are untrusted text."""

    reference: str
    name: str
    kind: str = "person"  # or company
    language: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    postal_code: str = ""
    address_lines: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""  # E.164


@dataclass(frozen=True, kw_only=True, slots=True)
class DebtView:
    """One debt as of the run's date. `balance` is net of payments and credits allotted to it."""

    reference: str
    balance: Money
    original: Money
    due_date: date
    days_past_due: int
    issued_on: date | None = None
    paid: Money | None = None
    interest: Money | None = None
    fees: Money | None = None
    credit: Money | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderInputs:
    """What a template may speak of. The same inputs and template version give the same text."""

    channel: ChannelKind
    step: str
    kind: str  # courtesy, collection, notice, optout_confirmation
    as_of: date
    debtor: DebtorView
    sender: Sender
    debts: tuple[DebtView, ...]
    total: Money
    relation: str = "debtor"  # or joint_debtor, guarantor
    first_contact: bool = True
    first_message_on: date | None = None  # when the first reminder went out
    plans: tuple[InstalmentPlan, ...] = ()
    plans_valid_until: date | None = None
    handover_on: date | None = None
    handover_firm: str = ""
    optout_url: str = ""
    payment_url: str = ""
    packs: tuple[str, ...] = ()  # rule packs in force: which country lines and disclosures the layout adds

    def digest(self) -> str:
        """SHA-256 (hex) over all values; two equal digests render the same text."""
        canonical = json.dumps(_plain(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


_SCALARS = frozenset({str, int, bool, type(None)})
_MOST_SENDERS = 256
_senders: dict[int, tuple[Sender, str]] = {}  # by identity: a configuration's senders live as long as it does


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    write = _WRITERS.get(kind)
    if write is None:
        write = _WRITERS[kind] = _writer(value)
    return write(value)


def _writer(value: Any) -> Callable[[Any], Any]:
    """How values of this one's type are written; looked up once a type."""
    if is_dataclass(value):
        names = tuple(f.name for f in fields(value))
        return lambda one: {name: _plain(getattr(one, name)) for name in names}
    if isinstance(value, Mapping):
        return lambda one: {str(k): _plain(v) for k, v in one.items()}
    return str


def _sender_digest(sender: Sender) -> str:
    """One sender stands behind all messages of its creditor: read it once."""
    known = _senders.get(id(sender))
    if known is not None and known[0] is sender:
        return known[1]
    values = {f.name: _plain(getattr(sender, f.name)) for f in fields(sender)}
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    if len(_senders) >= _MOST_SENDERS:
        _senders.clear()
    _senders[id(sender)] = (sender, digest)
    return digest


_WRITERS: dict[type, Callable[[Any], Any]] = {
    Money: lambda money: [money.minor, money.currency],
    Sender: _sender_digest,
    tuple: lambda items: [_plain(item) for item in items],
    list: lambda items: [_plain(item) for item in items],
}
