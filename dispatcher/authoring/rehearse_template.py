"""Renders a version for the whole current portfolio: what would fail, be too long, or change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from channels.kind import ChannelKind
from dispatcher.authoring.imagined_messages import Imagined, Wanted, imagine
from dispatcher.authoring.storage import template_use
from dispatcher.authoring.vanished import Vanishing
from dispatcher.database.engine import Database
from dispatcher.planning.policy import Policy
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.language.compiled import CompiledTemplate
from dispatcher.writing.render import Draft, RenderFailure, lacks_needs, render_words, says_the_same
from dispatcher.writing.trial import branch_problems

CHUNK = 200
EXAMPLES = 5  # debtors named for each thing that is wrong


@dataclass(slots=True)
class Rehearsal:
    """What came of it. `troubles`: a rule's or failure's sentence -> (how many, the first few debtors).

    `vanished`: what the version in force has and this one has not -> (how many get it, the first few debtors);
    `branches`: what is wrong with words under a condition, though nobody may meet it today.
    `without_needs`: so many lack what the template's `needs` name, and would not be written to.
    """

    rendered: int = 0
    without_needs: int = 0
    failed: int = 0
    too_long: int = 0
    changed: int = 0
    by_channel: dict[str, int] = field(default_factory=dict)
    longest_sms: int = 0  # segments
    troubles: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    examples_of_change: list[str] = field(default_factory=list)
    vanished: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    branches: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every debtor would get a message, nobody loses anything, and no branch holds a bad word."""
        return not (self.failed or self.vanished or self.branches)

    def trouble(self, sentence: str, debtor: str) -> None:
        """Count one thing that is wrong for one debtor."""
        _count(self.troubles, sentence, debtor)

    def loses(self, sentence: str, debtor: str) -> None:
        """Count one debtor for whom something vanishes."""
        _count(self.vanished, sentence, debtor)


def _count(table: dict[str, tuple[int, list[str]]], sentence: str, debtor: str) -> None:
    count, names = table.get(sentence, (0, []))
    table[sentence] = (count + 1, [*names, debtor][:EXAMPLES])


def rehearse_template(
    database: Database,
    desk: Policy,
    new: CompiledTemplate,
    old: CompiledTemplate | None,
    *,
    as_of: date,
    now: datetime,
    progress: Callable[[int], None] | None = None,
) -> Rehearsal:
    """Render and check `new` for everybody who owes something, beside `old` where there is one.

    Letters are rendered and checked as words; their paper is looked at in previews.
    """
    found = Rehearsal()
    for text in new.texts.values():
        found.branches += [f"{new.name}/{problem}" for problem in branch_problems(new, text)]
    wanted = Wanted(template=new.name, kinds=new.meta.kinds, as_of=as_of, now=now)
    vanishing = Vanishing(old, new) if old else None
    after = 0
    while True:
        with database.reading() as connection:
            ids = template_use.debtors_with_open_debts(connection, as_of, after=after, limit=CHUNK)
            made = list(imagine(connection, desk, ids, wanted))
        if not ids:
            return found
        for one in made:
            for sentence in vanishing.of(one.inputs) if vanishing else ():
                found.loses(sentence, one.person.full_reference)
            _rehearse(found, new, old, one)
        after = ids[-1]
        if progress:
            progress(len(ids))


def _rehearse(found: Rehearsal, new: CompiledTemplate, old: CompiledTemplate | None, one: Imagined) -> None:
    if new.text_for(one.inputs) is None:
        return
    if lacks_needs(new, one.inputs):
        found.without_needs += 1
        return
    debtor = one.person.full_reference
    draft = render_words(new, one.inputs)
    found.rendered += 1
    found.by_channel[one.inputs.channel.value] = found.by_channel.get(one.inputs.channel.value, 0) + 1
    if isinstance(draft, RenderFailure):
        found.failed += 1
        found.trouble(str(draft), debtor)
        return
    _look(found, draft, debtor)
    if old is not None and _differs(draft, new, old, one.inputs):
        found.changed += 1
        found.examples_of_change = [*found.examples_of_change, debtor][:EXAMPLES]


def _look(found: Rehearsal, draft: Draft, debtor: str) -> None:
    if draft.channel is ChannelKind.SMS:
        found.longest_sms = max(found.longest_sms, draft.report.segments)
    if draft.report.findings:
        found.failed += 1
    found.too_long += any(finding.rule == "sms-length" for finding in draft.report.findings)
    for sentence in dict.fromkeys(f"{finding.rule}: {finding.advice}" for finding in draft.report.findings):
        found.trouble(sentence, debtor)


def _differs(draft: Draft, new: CompiledTemplate, old: CompiledTemplate, inputs: RenderInputs) -> bool:
    """Whether the version in force would write something else; the same source writes the same."""
    before, after = old.text_for(inputs), new.text_for(inputs)
    if before and after and (before.source, old.meta) == (after.source, new.meta):
        return before.language != after.language
    return not says_the_same(old, inputs, draft)
