"""`template.yaml`: what a template is for, whom it may serve, who answers for it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import yaml

from dispatcher.values.validation_period import VALIDATION
from dispatcher.writing.language.placeholders import PLACEHOLDERS, suggestion
from dispatcher.writing.language.problems import Problem, TemplateProblems

FILE = "template.yaml"
KINDS = (
    "courtesy",
    "collection",
    "notice",
    "arrangement_service",
    "reply_to_consumer",
    "optout_confirmation",
    "correction",
)
_TEXTS = ("purpose", "owner", "legal_basis")
ROLES = ("original_creditor", "third_party", "debt_buyer", "law_firm")
STATES = ("time_barred", "disputed", "arrangement")
PARTIES = ("debtor", "joint_debtor", "guarantor")
ONLY, NEVER, EITHER = "only", "never", "either"
_LISTS = {"roles": ROLES, "not_when": STATES, "parties": PARTIES}
NOTICES = ("first_written", VALIDATION, "transfer")
_KNOWN = (*_TEXTS, "kinds", *_LISTS, "notice", "first_contact", "needs", "sms_segments")


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateMeta:
    """`needs` are placeholders that may be empty and without which this template is never sent.

    `roles` and `parties`: the senders and the recipients it is for (empty: all); `not_when`: states of a debt in which
    it is never sent; `notice`: which notice of the law it alone is (empty: any); `first_contact`: whether it may, must
    or must not be the first.
    """

    purpose: str
    owner: str
    legal_basis: str
    kinds: frozenset[str]
    notice: str = ""
    roles: frozenset[str] = frozenset()
    not_when: tuple[str, ...] = ()
    first_contact: str = EITHER
    parties: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    sms_segments: int = 2


def read_meta(source: str) -> TemplateMeta:
    """Parse and check; raises TemplateProblems with all faults."""
    try:
        data = yaml.load(source, Loader=_PlainLoader)  # noqa: S506 - a SafeLoader that also refuses anchors
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TemplateProblems(
            [Problem(file=FILE, line=line, message=error.problem or "is not YAML")]
        ) from None
    except RecursionError:
        raise TemplateProblems([Problem(file=FILE, message="is nested too deeply")]) from None
    if not isinstance(data, dict):
        raise TemplateProblems(
            [Problem(file=FILE, line=1, message="must hold `key: value` lines", suggestion=_keys())]
        )
    problems = list(_problems(data, source))
    if problems:
        raise TemplateProblems(problems)
    return TemplateMeta(
        **{key: str(data[key]).strip() for key in _TEXTS},
        kinds=frozenset(data["kinds"]),
        notice=data.get("notice", ""),
        roles=frozenset(data.get("roles", ())),
        not_when=tuple(data.get("not_when", ())),
        first_contact=data.get("first_contact", EITHER),
        parties=frozenset(data.get("parties", ())),
        needs=tuple(data.get("needs", ())),
        sms_segments=data.get("sms_segments", 2),
    )


def _keys() -> str:
    return "the keys are " + ", ".join(_KNOWN)


class _PlainLoader(yaml.SafeLoader):
    """No anchors: a small file cannot grow into a large one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_mark()
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)


def _problems(data: dict[Any, Any], source: str) -> Iterator[Problem]:
    def problem(key: str, message: str, help_: str = "") -> Problem:
        found = re.search(rf"^{re.escape(str(key))}\s*:", source, re.MULTILINE)
        line = source.count("\n", 0, found.start()) + 1 if found else 1
        return Problem(file=FILE, line=line, message=message, suggestion=help_)

    for key in data:
        if key not in _KNOWN:
            near = get_close_matches(str(key), _KNOWN, n=1)
            yield problem(key, f"there is no key `{key}`", f"did you mean `{near[0]}`?" if near else _keys())
    for key in _TEXTS:
        if not isinstance(data.get(key), str) or not data[key].strip():
            yield problem(key, f"`{key}` is missing or not a text")
    kinds = data.get("kinds")
    if not isinstance(kinds, list) or not kinds or not all(kind in KINDS for kind in kinds):
        yield problem("kinds", "`kinds` must list what the template may serve", ", ".join(KINDS))
    for key, words in _LISTS.items():
        listed = data.get(key, [words[0]])
        if not isinstance(listed, list) or not listed or not all(word in words for word in listed):
            yield problem(key, f"`{key}` must list some of its words", ", ".join(words))
    if data.get("notice", NOTICES[0]) not in NOTICES:
        yield problem("notice", "`notice` must be one word", ", ".join(NOTICES))
    if data.get("first_contact", EITHER) not in (ONLY, NEVER, EITHER):
        yield problem("first_contact", "`first_contact` must be one word", f"{ONLY}, {NEVER} or {EITHER}")
    yield from _needs_problems(data.get("needs", []), problem)
    segments = data.get("sms_segments", 2)
    if not isinstance(segments, int) or isinstance(segments, bool) or not 1 <= segments <= 10:
        yield problem("sms_segments", "`sms_segments` must be a number from 1 to 10")


def _needs_problems(needs: Any, problem: Any) -> Iterator[Problem]:
    if not isinstance(needs, list):
        yield problem("needs", "`needs` must be a list of placeholders")
        return
    for name in needs:
        if name not in PLACEHOLDERS:
            yield problem("needs", f"there is no placeholder `{name}`", suggestion(str(name)))
