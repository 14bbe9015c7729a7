"""Values that a sender's messages share: who writes, and which sentences of the law apply. Written once for many.

They are two thirds of a message's values. What they are made from is all that they can see: a placeholder that read
anything else of a message would fail.
"""

from typing import Any, NamedTuple

from babel import Locale

from channels.kind import ChannelKind
from dispatcher.values.sender import Sender
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.domain.wording import Wording
from dispatcher.writing.language.placeholders import View
from dispatcher.writing.language.values import Use, Variables, Write, for_medium, html_text, strings

_MOST_KEPT = 1_000


class Country(NamedTuple):
    """What is shared of the debtor."""

    country: str


class SharedInputs(NamedTuple):
    """What shared values are made from, by the names that it has among a message's inputs."""

    sender: Sender
    debtor: Country
    channel: ChannelKind
    kind: str
    notice: str
    role: str
    first_contact: bool
    said: tuple[str, ...] | None
    packs: tuple[str, ...]


class SharedValues(NamedTuple):
    """The values for HTML and for plain text, and the uses of those that are each message's own."""

    html: Variables
    plain: Variables
    own: tuple[Use, ...]


_KEPT: dict[tuple[object, ...], tuple[tuple[Use, ...], Sender, SharedValues]] = {}


def shared_values(
    uses: tuple[Use, ...], inputs: RenderInputs, wording: Wording, locale: Locale, write: Write
) -> SharedValues:
    """The shared values of a text's uses; `write` writes plain text as its channel has it."""
    of = SharedInputs(
        inputs.sender,
        Country(inputs.debtor.country),
        inputs.channel,
        inputs.kind,
        inputs.notice,
        inputs.role,
        inputs.first_contact,
        inputs.said,
        inputs.packs,
    )
    # By identity, since a sender has no hash; what is kept is held, so that no other takes its place.
    key = (id(uses), id(of.sender), *of[1:])
    known = _KEPT.get(key)
    if known is None or known[0] is not uses or known[1] is not of.sender:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        known = _KEPT[key] = (uses, of.sender, _made(uses, of, wording, locale, write))
    return known[2]


def _made(uses: tuple[Use, ...], of: Any, wording: Wording, locale: Locale, write: Write) -> SharedValues:
    shared = tuple(use for use in uses if use.placeholder.shared)
    values = strings(shared, View(of, wording, locale), locale)
    return SharedValues(
        html=for_medium(shared, values, html_text),
        plain=for_medium(shared, values, write),
        own=tuple(use for use in uses if not use.placeholder.shared),
    )
