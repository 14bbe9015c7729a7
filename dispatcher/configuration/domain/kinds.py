"""What may be kept on the pages instead of in files: each kind, where its files stand, what it decides."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of configuration. `path`: its folder of files, or its one file, inside the configuration."""

    word: str
    path: str
    one: str  # how one of its texts is called
    says: str

    @property
    def title(self) -> str:
        """Its word as a heading says it."""
        return self.word.replace("_", " ").capitalize()

    @property
    def is_one_file(self) -> bool:
        """Whether it is a single text, whose name is the kind's own."""
        return self.path.endswith(SUFFIX)

    def file_of(self, name: str) -> str:
        """Where a text stands inside the configuration: `content/intents/fr.yaml`."""
        return self.path if self.is_one_file else f"{self.path}/{name.replace(DEEPER, '/')}{SUFFIX}"

    def name_of(self, inside: str) -> str:
        """The name of the text that stands at a path inside the kind's folder: `intents.fr`."""
        return self.word if self.is_one_file else inside.removesuffix(SUFFIX).replace("/", DEEPER)


SUFFIX, DEEPER = ".yaml", "."

KINDS: tuple[Kind, ...] = (
    Kind(
        word="strategies",
        path="strategies",
        one="strategy",
        says="who is written to when, by what and with which text",
    ),
    Kind(
        word="offers", path="offers", one="offer", says="which promises, plans and settlements may be agreed"
    ),
    Kind(word="segments", path="segments.yaml", one="list of segments", says="how debts are told apart"),
    Kind(
        word="senders",
        path="senders.yaml",
        one="list of senders",
        says="who writes: names, bank, hours, advice",
    ),
    Kind(
        word="wording",
        path="content",
        one="word list",
        says="what texts must say and may not say, by language",
    ),
    Kind(
        word="schedules", path="schedules.yaml", one="list of schedules", says="what happens when by itself"
    ),
    Kind(word="mappings", path="mappings", one="mapping", says="how a stranger's ledger is read"),
    Kind(word="readings", path="readings", one="list of readings", says="how replies are read, by language"),
    Kind(
        word="letters",
        path="letters",
        one="list of a letter's words",
        says="what the page around a letter says, by language",
    ),
    Kind(
        word="own_page",
        path="own_page",
        one="list of the debtors' page's words",
        says="what the debtors' own page says, by language",
    ),
    Kind(
        word="calls",
        path="calls",
        one="list of a caller's first words",
        says="what a caller says first, by language",
    ),
)

BY_WORD = {kind.word: kind for kind in KINDS}
BY_PATH = {kind.path: kind for kind in KINDS}
