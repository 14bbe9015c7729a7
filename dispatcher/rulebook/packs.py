"""`config/rules/*.yaml` -> rule packs, and which of them apply to a debtor."""

import hashlib
from collections.abc import Collection
from pathlib import Path
from types import MappingProxyType

from dispatcher.gate.rule_book import RuleBook, UnknownPackError
from dispatcher.rulebook.pack_file import read_pack
from dispatcher.rulebook.yaml_file import ConfigError

DEFAULT = "DEFAULT"


def load_rule_packs(directory: Path, *, only: Collection[str] | None = None) -> RuleBook:
    """Read every pack of the folder; raises ConfigError with all faults, a line each.

    `only` keeps just the packs named (in any case); a name without a file is an error.
    """
    files = sorted(directory.glob("*.yaml"))
    if not files:
        raise ConfigError(f"{directory}: no rule pack here; without law nothing is sent")
    packs, faults = [], []
    for path in files:
        try:
            packs.append(read_pack(path, hashlib.sha256(path.read_bytes()).hexdigest()))
        except ConfigError as fault:
            faults.append(str(fault))
    if faults:
        raise ConfigError("\n".join(faults))
    book = RuleBook(MappingProxyType({pack.name.upper(): pack for pack in packs}))
    if only is None:
        if DEFAULT not in book.packs:
            raise ConfigError(f"{directory}: default.yaml is missing; its rules bind every message")
        return book
    try:
        return RuleBook(
            MappingProxyType({pack.name.upper(): pack for pack in book.named(only)}), restricted=True
        )
    except UnknownPackError as error:
        raise ConfigError(f"{directory}: DISPATCHER_RULES__ONLY: {error}") from None
