"""What a version in force has and a new one has not: a language, a channel, a placeholder that debtors get today."""

from collections.abc import Iterator, Mapping

from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.language.compiled import CompiledTemplate, CompiledText
from dispatcher.writing.language.problems import Problem
from dispatcher.writing.language.values import Use


def vanished(old: CompiledTemplate, new: CompiledTemplate, people: Mapping[str, int]) -> Iterator[Problem]:
    """All that vanishes, each once, and how many of the portfolio's people, counted by language, it concerns."""
    for language, channel in sorted(old.texts):
        before = old.texts[language, channel]
        after = new.texts.get((language, channel))
        if after is None:
            count = _concerned(old, before, people)
            message = (
                f"the {_name(before)} vanishes: version {old.version}, in force, has it; "
                f"it concerns {count} of the portfolio's people"
            )
            yield Problem(
                file=before.file,
                message=message,
                suggestion="write it, or be sure that nobody needs it",
                rule="vanished",
            )
            continue
        for name in _lost(before, after):
            yield Problem(
                file=before.file, message=_placeholder(name, old), suggestion=_PUT_BACK, rule="vanished"
            )
    for kind in sorted(old.meta.kinds - new.meta.kinds):
        message = f"it no longer serves {kind} steps, which version {old.version}, in force, does"
        yield Problem(file="template.yaml", message=message, suggestion=_PUT_BACK, rule="vanished")


class Vanishing:
    """What vanishes for one person after the other; two texts are compared once."""

    def __init__(self, old: CompiledTemplate, new: CompiledTemplate) -> None:
        self._old, self._new = old, new
        self._lost: dict[tuple[str, str], list[str]] = {}  # by the two files

    def of(self, inputs: RenderInputs) -> Iterator[str]:
        """What vanishes for one person, as sentences."""
        before, after = self._old.text_for(inputs), self._new.text_for(inputs)
        if before is None:
            return
        if after is None:
            yield f"the {_name(before)} vanishes: no {inputs.channel} at all"
        elif after.language != before.language:
            yield f"the {_name(before)} vanishes: it would be written in {after.language}"
        else:
            yield from (
                f"{before.file}: {_placeholder(name, self._old)}" for name in self._names(before, after)
            )

    def _names(self, before: CompiledText, after: CompiledText) -> list[str]:
        files = before.file, after.file
        if files not in self._lost:
            self._lost[files] = _lost(before, after)
        return self._lost[files]


def _concerned(old: CompiledTemplate, text: CompiledText, people: Mapping[str, int]) -> int:
    return sum(count for language, count in people.items() if old.text(text.channel, language) is text)


_PUT_BACK = "put it back, or be sure that readers can do without"


def _name(text: CompiledText) -> str:
    return f"{text.channel} in {text.language}"


def _placeholder(name: str, old: CompiledTemplate) -> str:
    return f"{{{{ {name} }}}} vanishes: version {old.version}, in force, prints it"


def _lost(before: CompiledText, after: CompiledText) -> list[str]:
    return sorted(_printed(before.uses) - _printed(after.uses))


def _printed(uses: tuple[Use, ...]) -> set[str]:
    names = {use.placeholder.name for use in uses if use.printed}
    for use in uses:
        names |= {f"{use.placeholder.name}.{name}" for name in _printed(use.fields)}
    return names
