"""Words with places in braces: each must leave room for what is filled in there, and for nothing else."""

from collections.abc import Mapping, Set
from string import Formatter

from dispatcher.rulebook.yaml_file import KeyPath, YamlFile


def require_places(
    file: YamlFile, at: KeyPath, words: Mapping[str, str], wanted: Mapping[str, Set[str]]
) -> None:
    """Raise ConfigError where a word has other places than `wanted` says; of words it does not name: none."""
    for name, text in words.items():
        try:
            places = places_of(text)
        except ValueError:
            raise file.error((*at, name), "a brace is open or closed alone; write {{ or }} for one") from None
        if places != wanted.get(name, frozenset()):
            named = ", ".join(f"{{{place}}}" for place in sorted(wanted.get(name, ()))) or "none"
            raise file.error((*at, name), f"its places in braces must be these: {named}")


def places_of(text: str) -> frozenset[str]:
    """The names in braces; raises ValueError for a brace that is open or closed alone."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)
