"""What the form of a call says was offered on it: numbers of today, and a plan and a settlement by their terms."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dispatcher.calls.domain.call import CallError, CallOutcome
from dispatcher.people.recording import Said
from dispatcher.web.site.visit import Visit

Given = Mapping[str, Sequence[str]]  # a fact `offer`, as the table of facts wants it

PLAN = ("payments", "every", "first_on", "down")
SETTLEMENT = ("amount", "by")
DISCOUNT = {"discount_amount": "amount", "discount_by": "by"}  # the field of the form, and of the fact
APPROVAL = ("approved_by", "why")
OWN_TERMS = (*PLAN, *SETTLEMENT, *DISCOUNT, *APPROVAL)


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
        told += [str(details[name]) for name in ("numbers", "settlement", "discount") if details.get(name)]
    return told


def _offered(visit: Visit) -> Iterator[Given]:
    if numbers := visit.fields("offer"):
        yield {"offer": numbers}
    if amount := visit.text("settle"):
        yield {"amount": (amount,)}
    if visit.text("discount"):
        yield {"discount": ("yes",)}
    approval = _typed(visit, APPROVAL)
    for part in (PLAN, SETTLEMENT):
        if given := _typed(visit, part):
            yield given | approval
    if given := {DISCOUNT[name]: text for name, text in _typed(visit, DISCOUNT).items()}:
        yield given | approval | {"discount": ("yes",)}


def _typed(visit: Visit, names: Iterable[str]) -> dict[str, Sequence[str]]:
    return {name: (text,) for name in names if (text := visit.text(name))}
