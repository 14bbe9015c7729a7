"""Who handles a person: by hand, else by the first rule that fits; while somebody is away, their deputy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class Handler:
    """Somebody of the desk who handles people; `shown_as` is how messages name them as the one to ask for."""

    user: str  # the name they sign in by: tasks go to their desk
    shown_as: str
    deputy: str = ""  # another handler's user name
    away_from: date | None = None
    away_until: date | None = None  # the last day; None beside a first: until somebody says they are back
    is_gone: bool = False  # the user may no longer sign in

    def is_away(self, on: date) -> bool:
        """Whether the deputy acts on a day."""
        begun = self.away_from is not None and self.away_from <= on
        return self.is_gone or (begun and (self.away_until is None or on <= self.away_until))


@dataclass(frozen=True, kw_only=True, slots=True)
class HandlerRule:
    """Whom a rule gives to a handler; what is empty asks nothing. Letters are of the name, both included."""

    id: int
    handler: str
    creditor: str = ""
    country: str = ""
    from_letter: str = ""
    to_letter: str = ""

    def fits(self, creditor: str, country: str, name: str) -> bool:
        """Whether it takes this person."""
        first = name.strip()[:1].upper()
        return (
            self.creditor in ("", creditor)
            and self.country in ("", country)
            and (not self.from_letter or (bool(first) and self.from_letter <= first))
            and (not self.to_letter or (bool(first) and first <= self.to_letter))
        )


def acting(handlers: Mapping[str, Handler], user: str, on: date) -> Handler | None:
    """Who acts for a handler on a day: they, else the nearest deputy who is there; None where nobody is."""
    seen: set[str] = set()
    one = handlers.get(user)
    while one is not None and one.user not in seen:
        if not one.is_away(on):
            return one
        seen.add(one.user)
        one = handlers.get(one.deputy)
    return None


def handler_of(
    handlers: Mapping[str, Handler],
    rules: Sequence[HandlerRule],
    by_hand: str,
    *,
    creditor: str,
    country: str,
    name: str,
    on: date,
) -> Handler | None:
    """Who handles a person on a day; what a person said by hand goes before every rule."""
    user = by_hand or next((rule.handler for rule in rules if rule.fits(creditor, country, name)), "")
    return acting(handlers, user, on)
