"""The one reply: a debtor who writes at a closed time or by a stopped medium may be answered once, by the same medium.

12 CFR 1006.6(b)(1), comment 6(b)(1)-2, and 1006.14(h)(2)(i)-(ii).
"""

from dispatcher.gate.act import Act, Past, medium
from dispatcher.gate.facts import Kind
from dispatcher.values.zones import instant


def invited_at(act: Act) -> int | None:
    """When the debtor last came by this medium (or agreed to it) and nobody has answered since; else None."""
    invitation = max((at for at in _invitations(act) if at <= act.at), default=None)
    if invitation is None or any(_answers(past, invitation) for past in act.history):
        return None
    return invitation


def _invitations(act: Act) -> list[int]:
    wanted = medium(act.action.channel)
    found = [past.at for past in act.history if past.inbound and _by_medium(past, wanted)]
    if act.kind == Kind.OPTOUT_CONFIRMATION:
        stops = (stop for stop in act.facts.opt_outs if stop.at is not None)
        found += [instant(stop.at) for stop in stops if stop.at and medium(stop.medium or wanted) == wanted]
    return found


def _by_medium(past: Past, wanted: str) -> bool:
    return medium(past.entry.channel) == wanted or past.entry.consent_to_other_medium == wanted


def _answers(past: Past, invitation: int) -> bool:
    return not past.inbound and past.at > invitation
