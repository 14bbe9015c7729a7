"""What the tags of a text ask for, whatever words stand between them: found once for all texts with the same tags.

The texts of a template differ by language and medium in their words and hardly ever in their tags, and to read tags
is most of what compiling costs.
"""

import re
from functools import lru_cache

from dispatcher.writing.language.placeholders import PLACEHOLDERS
from dispatcher.writing.language.sandbox import environment
from dispatcher.writing.language.syntax import analyse
from dispatcher.writing.language.values import Use

_STRING = r'"[^"{}%#\\]*"' + r"|'[^'{}%#\\]*'"
_INSIDE = rf"(?:[^{{}}%#\"'\\]|{_STRING})*"
_TAG = re.compile(rf"\{{\{{{_INSIDE}\}}\}}|\{{%{_INSIDE}%\}}")
_BEGINS = re.compile(r"\{(?:[{%#]|\Z)")  # what Jinja might read as a tag where `_TAG` sees none
_WORDS = "raw"  # the tag that makes words of what looks like tags


def uses_of(source: str) -> tuple[Use, ...] | None:
    """The values that a text needs; None where its tags say anything that is refused, or cannot be told from words."""
    tags = "".join(_TAG.findall(source))
    if _WORDS in tags or any(map(_BEGINS.search, _TAG.split(source))):
        return None
    return _uses_of_tags(tags)


@lru_cache(maxsize=1024)
def _uses_of_tags(tags: str) -> tuple[Use, ...] | None:
    found = analyse(tags, env=environment(html=False), known=PLACEHOLDERS, file="")
    return None if found.problems else found.uses
