"""What the form of a call says was offered on it: numbers of today, and a plan and a settlement by their terms."""

from collections.abc import Iterator, Mapping, Sequence

from dispatcher.calls.domain.call import CallError, CallOutcome
from dispatcher.people.recording import Said
from dispatcher.web.site.visit import Visit

Given = Mapping[str, Sequence[str]]  # a fact `offer`, as the table of facts wants it

PLAN = ("payments", "every", "first_on", "down")
SETTLEMENT = ("amount", "by")
APPROVAL = ("approved_by", "why")
OWN_TERMS = (*PLAN, *SETTLEMENT, *APPROVAL)


def offered_on(visit: Visit, outcome: CallOutcome, known: Sequence[str]) -> list[Given]:
    """Each offer of the form; `known` are the numbers of today's plans.

    Raises CallError, before anything is written, where nothing can have been offered.
    """
    found = list(_offered(visit))
    if found and outcome is not CallOutcome.CONVERSATION:
        raise CallError("nothing was offered on a call on which nobody was spoken with")
    if not found and any(visit.text(name) for name in APPROVAL):
        raise CallError("say what was offered beyond the limits: an approval alone offers nothing")
    strange = sorted(set(visit.fields("offer")) - set(known))
    if strange:
        raise CallError(f"offer {strange[0]} may not be made any more: look again at what you may offer")
    return found


def write_offers(visit: Visit, debtor: str, said: Said, about: Given, offers: Sequence[Given]) -> list[str]:
    """Record them, by the same rules as `dispatcher record offer`; returns in words what was offered.

    Raises RecordError for terms outside the limits that nobody approved.
    """
    told = []
    for given in offers:
        details = visit.program.record("offer", debtor, said, {**about, **given}).details
        told += [str(details[name]) for name in ("numbers", "settlement") if details.get(name)]
    return told


def _offered(visit: Visit) -> Iterator[Given]:
    if numbers := visit.fields("offer"):
        yield {"offer": numbers}
    if amount := visit.text("settle"):
        yield {"amount": (amount,)}
    for part in (PLAN, SETTLEMENT):
        given = {name: (text,) for name in part if (text := visit.text(name))}
        if given:
            yield given | {name: (text,) for name in APPROVAL if (text := visit.text(name))}
