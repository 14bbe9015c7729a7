"""What `dispatcher check` says of law: whose was read, and which words it wants that no wording says."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dispatcher.bootstrap import Dispatcher
from dispatcher.planning.policy import NO_COVERAGE

if TYPE_CHECKING:  # only types here; the portfolio is read by the checks that need it
    from dispatcher.portfolio.storage.portfolio_places import PlaceCount

Finding = tuple[str, str, str]  # level (ok, note, wrong), subject, sentence


def coverage(dispatcher: Dispatcher) -> Iterator[Finding]:
    """Whose law was read, by whom it was confirmed, and packs that an answer misses."""
    from dispatcher.gate.coverage import OPEN
    from dispatcher.rulebook.coverage import coverage_faults

    if dispatcher.policy.rulebook.restricted:
        yield "note", "coverage", NO_COVERAGE
        return
    answers = dispatcher.policy.coverage
    yield from (
        ("wrong", "coverage", fault) for fault in coverage_faults(answers, dispatcher.policy.rulebook)
    )
    read = [code for code, entry in answers.countries.items() if entry.answer.word != OPEN]
    parts = sum(len(entry.regions) for entry in answers.countries.values())
    yield (
        "ok",
        "coverage",
        f"the law of {len(read)} countries was read ({', '.join(sorted(read))}), {parts} regions apart",
    )
    if unconfirmed := sorted(answers.unconfirmed()):
        yield (
            "note",
            "coverage",
            f"confirmed by nobody, so real providers hold their debtors: {', '.join(unconfirmed)}",
        )


def places(dispatcher: Dispatcher) -> Iterator[Finding]:
    """Debts in places whose law nobody has read."""
    from dispatcher.database import migrate
    from dispatcher.portfolio.storage.portfolio_places import count_places

    policy = dispatcher.policy
    if policy.rulebook.restricted or not migrate.current(dispatcher.database)[0]:
        return
    with dispatcher.database.reading() as connection:
        counts = list(count_places(connection))
    unread: Counter[str] = Counter()
    for place in counts:
        sender = policy.senders.get(place.creditor)
        role = place.sender_role or (sender.role if sender else "")
        for name in policy.read_law(place.country, place.region, place.postal_code, role=role).unread:
            unread[name] += place.debts
    for name, count in sorted(unread.items()):
        detail = f"{count} debts are held: nobody has read the law of {name}; answer in config/places/coverage.yaml"
        yield "note", "coverage", detail


def sentences(dispatcher: Dispatcher) -> Iterator[Finding]:
    """Rules of the debtors' packs that want words which no wording says."""
    from dispatcher.database import migrate
    from dispatcher.portfolio.storage.portfolio_places import count_places

    if not migrate.current(dispatcher.database)[0]:
        return
    with dispatcher.database.reading() as connection:
        counts = list(count_places(connection))
    held: Counter[str] = Counter()
    for place in counts:
        for sentence in set(_unwritten(dispatcher, place)):
            held[sentence] += place.debts
    for sentence, count in sorted(held.items()):
        yield "wrong", "sentences", f"{sentence}; messages about {count} debts will be held"


def _unwritten(dispatcher: Dispatcher, place: "PlaceCount") -> Iterator[str]:
    from dispatcher.people.domain.person import gate_kind
    from dispatcher.writing.checks.sentences import unwritten
    from dispatcher.writing.language.compiled import language_chain

    policy, wordings = dispatcher.policy, dispatcher.layouts.wordings
    sender = policy.senders.get(place.creditor)
    if sender is None:
        return
    role = place.sender_role or sender.role
    primaries = [tag.partition("-")[0] for tag in language_chain(place.language, sender.language)]
    wording = wordings[next(tag for tag in primaries if tag in wordings)]
    steps = [step for strategy in policy.strategies for step in strategy.steps]
    packs = policy.rulebook.applicable(
        residence_country=place.country or None,
        residence_region=place.region or None,
        residence_postcode=place.postal_code or None,
        sender_role=role,
        debt_type=place.debt_type or None,
        on=dispatcher.now().date(),
        extra=sender.packs,
    )
    binding = [(pack, rule) for pack in packs for rule in pack.rules if rule.role(role)]
    for pack, rule in binding:
        bound = (step for step in steps if gate_kind(step.kind, step.notice) in rule.kinds)
        channels = {channel for step in bound for channel in step.channels}
        for channel in sorted(channels):
            if missing := unwritten(pack, rule, wording, channel, role):
                names = ", ".join(sorted(missing))
                yield (
                    f"{pack.name.lower()}/{rule.id} wants {names} by {channel.value}, and "
                    f"config/content/{wording.language}.yaml has no sentence for it"
                )
