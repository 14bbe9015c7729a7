"""What the debtors' own page says, in each language that has words for it."""

from collections.abc import Mapping
from dataclasses import dataclass

LAST_RESORT = "en"


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPageWords:
    """By language, English first: its own name, what anybody with a link reads, and what stands behind the proof."""

    names: Mapping[str, str]
    messages: Mapping[str, Mapping[str, str]]
    account: Mapping[str, Mapping[str, str]]
