"""The environments that run compiled templates: immutable, strict, and without a single global."""

from functools import lru_cache
from typing import Any

from babel import Locale
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dispatcher.writing.formats import plural_form

MAX_SOURCE = 20_000  # characters of one file of a template; Markdown of this length parses in under a second
MAX_OUTPUT = 300_000  # characters of one rendered text


def plural(value: Any, one: str, other: str, locale: Locale) -> str:
    """The form of a word that goes with a number, or with the length of a list."""
    count = len(value) if isinstance(value, list | tuple) else int(value)
    return one if plural_form(count, locale) == "one" else other


def length(value: Any) -> int:
    """How many items a list has."""
    return len(value)


@lru_cache(maxsize=2)
def environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    """The environment for HTML (escaping) or for plain text. Templates reach placeholders and two filters."""
    env = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        cache_size=0,
    )
    env.globals.clear()
    env.tests.clear()
    env.filters.clear()
    env.filters.update(plural=plural, length=length)
    return env
