"""What people of the portfolio would read before and after a new version, in every channel that reaches them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from dispatcher.authoring.domain.word_changes import MostDifferent, traits_of_change
from dispatcher.authoring.imagined_messages import Imagined, Wanted, imagine
from dispatcher.authoring.storage import template_use
from dispatcher.database.engine import Database
from dispatcher.people.storage.find_debtor import find_debtor
from dispatcher.planning.policy import Policy
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.language.compiled import CompiledTemplate
from dispatcher.writing.render import RenderFailure, lacks_needs, render_words

CHUNK = 200
SHOWN = 10  # people on the page
_READ = ("subject", "preheader", "title", "text")  # what a reader sees; the HTML says the same


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one person reads in one version: its parts, or why there is nothing to read."""

    parts: Mapping[str, str]
    nothing: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One person's message before and after. `before`: the version in force, where there is one."""

    debtor: str  # CREDITOR/REFERENCE
    name: str
    channel: str
    language: str
    before: Reading
    after: Reading
    inputs: RenderInputs

    @property
    def differs(self) -> bool:
        """Whether the person would read something else."""
        return (self.before.parts, self.before.nothing) != (self.after.parts, self.after.nothing)

    @property
    def traits(self) -> frozenset[str]:
        """What kind of change it is: channel, language, and the words that go and come."""
        changed = traits_of_change(self.before.parts.values(), self.after.parts.values())
        return changed | {self.channel, self.language, f"-{self.before.nothing}", f"+{self.after.nothing}"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Versions:
    """A new version beside the one in force (None: there is none), and the day they are compared for."""

    new: CompiledTemplate
    old: CompiledTemplate | None
    as_of: date
    now: datetime


def pairs(database: Database, policy: Policy, versions: Versions, *, every: int = 1) -> Iterator[Pair]:
    """Each message to each person who owes something on the day, or to one in `every` of them."""
    after = 0
    while True:
        with database.reading() as connection:
            ids = template_use.debtors_with_open_debts(
                connection, versions.as_of, after=after, limit=CHUNK * every
            )
        if not ids:
            return
        yield from _of_people(database, policy, versions, ids[::every])
        after = ids[-1]


def pairs_of(
    database: Database, policy: Policy, versions: Versions, debtors: Sequence[str]
) -> Iterator[Pair]:
    """The same for people named by CREDITOR/REFERENCE; raises UnknownDebtorError."""
    with database.reading() as connection:
        ids = [find_debtor(connection, debtor).id for debtor in debtors]
    yield from _of_people(database, policy, versions, ids)


def readers(database: Database, policy: Policy, versions: Versions) -> Iterator[Pair]:
    """Everybody who would read something else, a line a message."""
    return (pair for pair in pairs(database, policy, versions) if pair.differs)


def most_different(found: Iterator[Pair], count: int = SHOWN) -> list[str]:
    """The people whose changes together show the most."""
    chooser = MostDifferent()
    for pair in found:
        if pair.differs:
            chooser.add(pair.debtor, pair.traits)
    return chooser.choose(count)


def people_who_owe(database: Database, as_of: date) -> int:
    """How many people owe something on a date."""
    with database.reading() as connection:
        return sum(template_use.people_by_language(connection, as_of).values())


def without_person(inputs: RenderInputs) -> RenderInputs:
    """The same message to somebody made up: for those who may judge texts and may not read people."""
    debtor = replace(
        inputs.debtor,
        name="Somebody Else",
        reference="0000",
        address_lines=("1 Example Street",),
        email="somebody@example.org",
        phone="",
    )
    return replace(inputs, debtor=debtor)


def pair_of(versions: Versions, debtor: str, inputs: RenderInputs, *, name: str, language: str) -> Pair:
    """One person's message before and after."""
    return Pair(
        debtor=debtor,
        name=name,
        channel=inputs.channel.value,
        language=language,
        before=_reading(versions.old, inputs),
        after=_reading(versions.new, inputs),
        inputs=inputs,
    )


def _of_people(database: Database, policy: Policy, versions: Versions, ids: Sequence[int]) -> Iterator[Pair]:
    wanted = Wanted(
        template=versions.new.name, kinds=versions.new.meta.kinds, as_of=versions.as_of, now=versions.now
    )
    for start in range(0, len(ids), CHUNK):
        with database.reading() as connection:
            made: list[Imagined] = list(imagine(connection, policy, ids[start : start + CHUNK], wanted))
        for one in made:
            debtor = one.person.full_reference
            yield pair_of(
                versions, debtor, one.inputs, name=one.person.name, language=one.inputs.debtor.language
            )


def _reading(compiled: CompiledTemplate | None, inputs: RenderInputs) -> Reading:
    if compiled is None:
        return Reading(parts={}, nothing="no version is in force")
    if compiled.text_for(inputs) is None:
        return Reading(parts={}, nothing=f"it has no text for {inputs.channel}")
    if lacks_needs(compiled, inputs):
        return Reading(parts={}, nothing="the person lacks what the template needs")
    draft = render_words(compiled, inputs)
    if isinstance(draft, RenderFailure):
        return Reading(parts={}, nothing=str(draft))
    return Reading(parts={name: draft.parts[name] for name in _READ if name in draft.parts})
