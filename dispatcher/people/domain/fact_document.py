"""docs/recorded_facts.md, made from the table of facts."""

from collections.abc import Iterator

from dispatcher.people.domain.fact_table import FACTS
from dispatcher.people.domain.facts import Fact, Field, Takes, words

_BEFORE = """# Recorded facts

What a person said or did between two ledgers is written down with `dispatcher record`, on a person's page, or by the
API (`POST /people/{creditor}/{reference}/records`). All three read one table (`people/domain/fact_table.py`), so a
fact means the same through every door; this page is made from it (`dispatcher record document`). Every fact takes
`source` (a call, a letter's number) and `note` (words, kept in the erasable table), and is an entry of the log.
`DEBTOR` is `creditor/reference`, or a reference that only one creditor has. Whoever a fact concerns is locked while it
is written, so a message is judged before it or after it, never in between.

What nobody says never makes anything more allowed: an attorney without a name is an attorney. A field that a fact
does not know is refused, not dropped.

## What each becomes
"""
_FIELDS = """
## Fields

`--name` is the command line's; the page and the API take the first name. *Erasable*: kept where a person's values can
be erased, and named in no sealed entry.
"""
_AFTER = """
## Repeats

A fact that stands already is not written twice. What a repeat says besides (an attorney's name, the day an answer
came) is added to the fact that stands, said by whoever recorded it, and logged as `fact_amended`; where both say
something and differ, the table below says which counts.
"""
_PROSE = """
## What else to know

Holds that imports set by themselves: `row_refused` (on a debt) and `ledger_in_doubt` (on a debtor), source `ledger`;
they end with the next ledger that reads well, or with `record release`. What the ledger's own columns say
(`disputed_on`, `cease_received_on` …) stands while they say it. An empty cell makes a hold of it, which ends with
`record release` or when the ledger says it again; where a mapping names the column in `empty_ends`, that cell ends it.

Facts of the ledger alone: `authorised_channels`, `sender.role`, `debt.due`, `debt.time_barred`,
`debt.acquired_by_credit_purchaser` (from `sender_role` debt_buyer), `action.employer_provided` (`email_label` work).

A contact whose outcome nobody says is taken the careful way: a call or a visit as a conversation, anything else as
sent.

The debtor's own words are read wherever they are written down: in a contact that came in or a conversation (`text`, or
imported), and in a wish's `said`. A plain stop is an opt-out at once, of the medium that it names, else of the address
or medium it came by. Whatever else the debtor sent and is not understood for certain ("I filed for bankruptcy", "who is
this?", "I accept option 2") quiets them as `unclear_reply` and is a task, until a person has read it (`record release D
unclear_reply`, or the task). What was said in a conversation or a wish was heard by whoever wrote it down: there only a
mistyped stop, and one that does not say what to stop, waits. What a mail program quotes, and our own foot in it, are
never read as the debtor's words.

## Contacts made elsewhere

`dispatcher import-contacts calls.csv --source dialler` takes CSV or JSON lines with `at` (an instant with its
offset), `debtor`, `channel`, and if known `creditor, direction, outcome, kind, debts, address, external_id, text,
address_place, prerecorded, consent_to_other_medium, note`. Imported twice, a contact counts once: by `--source` and
`external_id`, else by debtor, instant, channel and direction. Rows that cannot be used go to a rejects file.
"""


def facts_document() -> str:
    """The whole page."""
    return "".join(
        (_BEFORE, _table(_rows()), _FIELDS, *map(_fields, FACTS), _AFTER, _table(_repeats()), _PROSE)
    )


def _table(rows: Iterator[tuple[str, ...]]) -> str:
    head, *body = rows
    lines = [head, ("---",) * len(head), *body]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rows() -> Iterator[tuple[str, ...]]:
    yield "command", "what it means", "kept as", "fact for the gate"
    for fact in FACTS:
        if not fact.kinds:
            says = f"a hold of the kind {fact.kind}" if fact.kind else fact.says.partition(":")[0]
            yield _command(fact, ""), says, _kept(fact, fact.kind), fact.gate or "–"
        for name, kind in fact.kinds.items():
            yield _command(fact, name), kind.says, _kept(fact, name), kind.gate


def _command(fact: Fact, kind: str) -> str:
    """The command with what stands in its place and, of wishes, the options that make one of this kind."""
    places = [
        kind if field.name == "kind" and kind else field.name.upper()
        for field in fact.fields
        if field.positional
    ]
    options = [field.option_name for field in fact.fields if kind and field.detail.startswith(f"{kind} ")]
    return f"`{' '.join(['record', fact.name.replace('_', '-'), 'D', *places, *options])}`"


def _kept(fact: Fact, kind: str) -> str:
    if not fact.kept_in:
        return "ends what stands"
    details = [field.detail for field in fact.for_kind(kind) if field.detail.isidentifier()]
    details += [
        f.detail.partition("{")[2].rstrip("}")
        for f in fact.fields
        if kind and f.detail.startswith(f"{kind} ")
    ]
    parts = [f": {kind}" if kind else "", f" `{{{', '.join(details)}}}`" if details else ""]
    return f"`{fact.kept_in}`{''.join(parts)}"


def _fields(fact: Fact) -> str:
    return f"\n### {words(fact.name).capitalize()}\n\n{fact.says}\n\n    {fact.example}\n{_table(_of(fact))}"


def _of(fact: Fact) -> Iterator[tuple[str, ...]]:
    yield "field", "command line", "takes", "what it says", "where nobody says it", "becomes", "erasable"
    for field in fact.fields:
        option = field.name.upper() if field.positional else f"`{field.option_name}`"
        yield (
            f"`{field.name}`",
            option,
            _takes(field),
            f"{f'({chr(44).join(field.only)}) ' if field.only else ''}{field.says}",
            _default(field),
            field.column or field.detail or "–",
            "yes" if field.erasable else "",
        )


def _takes(field: Field) -> str:
    one = ", ".join(field.choices) if field.choices else field.takes.value
    return f"{one}; several" if field.many else one


def _default(field: Field) -> str:
    if field.required:
        return "it must be said"
    if field.default is None:
        return ""
    value = {True: "yes", False: "no"}.get(field.default, field.default)
    return f"{value} ({', '.join(field.default_for)})" if field.default_for else str(value)


def _repeats() -> Iterator[tuple[str, ...]]:
    yield "fact", "the same again is one with the same", "where both say something"
    for fact in FACTS:
        same = f"debtor, {', '.join(fact.same)}" if fact.same else ""
        rules = [
            f"{field.name}: {field.merge.value}"
            for field in fact.fields
            if field.merge.name != "NEWEST" and field.takes is not Takes.FLAG
        ]
        yield (
            words(fact.name),
            "; ".join(filter(None, (same, fact.repeat))),
            "; ".join([*rules, "else the newest word counts"]),
        )
