"""Reads all that may be kept on the pages as a run would, and says everything that is wrong with it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dispatcher.planning.domain.strategy import Strategy
from dispatcher.rulebook.letter_words import load_letter_words
from dispatcher.rulebook.mappings import load_mappings
from dispatcher.rulebook.offers import load_offers
from dispatcher.rulebook.opening_words import load_opening_words
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.rulebook.own_page_words import load_own_page_words
from dispatcher.rulebook.readings import load_readings
from dispatcher.rulebook.schedules import load_schedules
from dispatcher.rulebook.scorecard import load_scorecard
from dispatcher.rulebook.segments import load_segments
from dispatcher.rulebook.senders import load_senders
from dispatcher.rulebook.strategies import load_strategies
from dispatcher.rulebook.wording import load_wordings
from dispatcher.rulebook.yaml_file import ConfigError
from dispatcher.treatment.domain.segments import Segment
from dispatcher.values.sender import Sender
from dispatcher.writing.domain.letter_words import LetterWords
from dispatcher.writing.domain.wording import Wording


@dataclass(slots=True)
class Whole:
    """What could be read; `errors`: why the rest could not, each a line as the loaders say it."""

    segments: tuple[Segment, ...] = ()
    strategies: tuple[Strategy, ...] = ()
    senders: Mapping[str, Sender] = field(default_factory=dict)
    wordings: Mapping[str, Wording] = field(default_factory=dict)
    letters: Mapping[str, LetterWords] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def read_whole(config: Callable[[str], Path], *, jobs: Collection[str]) -> Whole:
    """Read every part; `config` says where each stands, `jobs` are those that the program has."""
    whole = Whole()
    for read in _parts(config, jobs, whole):
        try:
            read()
        except ConfigError as error:
            whole.errors += str(error).splitlines()
    return whole


def _parts(
    config: Callable[[str], Path], jobs: Collection[str], whole: Whole
) -> Iterator[Callable[[], object]]:
    def segments() -> None:
        card = load_scorecard(config("scorecard.yaml"))
        whole.segments = load_segments(config("segments.yaml"), card)

    def strategies() -> None:
        whole.strategies = load_strategies(config("strategies"), [each.name for each in whole.segments])

    def senders() -> None:
        whole.senders = load_senders(config("senders.yaml"), config("charges"))

    def offers() -> None:
        names = [each.name for each in whole.segments]
        load_offers(config("offers"), names, config("interest_caps.yaml"))

    def wordings() -> None:
        whole.wordings = load_wordings(config("content"))
        for wording in whole.wordings.values():
            wording.compile()

    def letters() -> None:
        whole.letters = load_letter_words(config("letters"))

    yield segments
    yield strategies
    yield offers
    yield senders
    yield wordings
    yield letters
    yield lambda: load_own_page_words(config("own_page"))
    yield lambda: load_opening_words(config("calls"))
    yield lambda: load_readings(config("readings"), learning=False)
    yield lambda: load_optout_words(config("content") / "optout_words.yaml")
    yield lambda: load_schedules(config("schedules.yaml"), jobs=jobs)
    yield lambda: load_mappings(config("mappings"))
