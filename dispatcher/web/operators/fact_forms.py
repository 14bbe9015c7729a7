"""The forms of a person's page, made from the table of facts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dispatcher.people.domain.fact_table import FACTS
from dispatcher.people.domain.facts import Fact, Field, Takes, words

_BESIDE = frozenset({"reverse"})  # asked beside the payment that it takes back
Options = Sequence[tuple[str, str]]  # value, what a person reads

_CONTROLS = {Takes.WORDS: "area", Takes.DAY: "date", Takes.ADDRESS: "address"}
_YES_OR_NO = (("", "not said"), ("yes", "yes"), ("no", "no"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """One field of a form. `control`: text, area, date, address, tick, ticks, select."""

    name: str
    title: str
    hint: str
    control: str
    options: Options = ()
    chosen: str = ""
    required: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FactForm:
    """One fact's form."""

    fact: str
    title: str
    controls: Sequence[Control]


def fact_forms(debts: Options) -> list[FactForm]:
    """The forms there are; `debts` are the person's open ones."""
    return [
        FactForm(
            fact=fact.name,
            title=fact.title,
            controls=[_control(one, fact, debts) for one in fact.fields if one.name not in _BESIDE],
        )
        for fact in FACTS
        if fact.title
    ]


def _control(field: Field, fact: Fact, debts: Options) -> Control:
    only = f"{', '.join(map(words, field.only))}: " if field.only else ""
    control, options = _kind(field, fact, debts)
    return Control(
        name=field.name,
        title=field.title,
        hint=f"{only}{field.says}",
        control=control,
        options=options,
        chosen=str(field.default or "") if not field.default_for else "",
        required=bool(field.required),
    )


def _kind(field: Field, fact: Fact, debts: Options) -> tuple[str, Options]:
    if field.takes is Takes.FLAG:
        return ("tick", ()) if field.default is False else ("select", _YES_OR_NO)
    options = debts if field.takes is Takes.DEBT else list(_choices(field, fact))
    if field.many and options:
        return "ticks", options
    if options or field.takes is Takes.DEBT:
        return "select", [*([] if field.required or field.default else [("", "")]), *options]
    return _CONTROLS.get(field.takes, "text"), ()


def _choices(field: Field, fact: Fact) -> Iterator[tuple[str, str]]:
    own = {other.kind for other in FACTS if other.kind}  # kinds that have a form of their own
    for value in field.choices:
        if field.name != "kind":
            yield value, words(value)
        elif value not in own:
            yield value, f"{words(value)}: {fact.kinds[value].says}"
