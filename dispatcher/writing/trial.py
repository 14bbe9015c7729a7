"""Tries a template on sample debtors in a process of its own, which is killed when it takes too long.

Only saving and seeding pay for this; a version that passed is compiled without a trial ever after.
"""

import hashlib
import json
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from channels.kind import ChannelKind
from channels.sms.segments import suggest_replacements
from dispatcher.values.sender import Sender
from dispatcher.writing.checks.finding import Finding
from dispatcher.writing.coverage import coverage_of
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.domain.wording import folded
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.compiled import FILES, CompiledTemplate, CompiledText
from dispatcher.writing.language.layouts import Layouts
from dispatcher.writing.language.meta import FILE as META_FILE
from dispatcher.writing.language.problems import Problem, TemplateProblems
from dispatcher.writing.render import RenderFailure
from dispatcher.writing.rendered_samples import tried_on_samples
from dispatcher.writing.samples import SAMPLE_SENDER, from_sender, samples

SECONDS_A_FILE = 2.0  # of the processor: a busy machine must not refuse a good template
_BUSY = 10  # so many times longer we wait by the clock on the wall
_START_SECONDS = 60.0
_GAVE_UP = "bounds"
_MEMORY = 2 << 30  # bytes of address space


def check_version(version: TemplateVersion, house: Layouts) -> tuple[Problem, ...]:
    """Compile and try one version; what is wrong with it, nothing if it may be used."""
    return check_versions([version], house)[version.name]


def check_versions(versions: Sequence[TemplateVersion], house: Layouts) -> dict[str, tuple[Problem, ...]]:
    """The same for several templates, in one process; a text that was tried before is not tried again."""
    found: dict[str, tuple[Problem, ...]] = {}
    while waiting := [version for version in versions if version.name not in found]:
        known = {version.name: _known(version, house) for version in waiting}
        new = {version.name: _without(version, known[version.name]) for version in waiting}
        found |= {name: _all(known[name]) for name, version in new.items() if version is None}
        tried = _run([version for version in new.values() if version], house) if any(new.values()) else {}
        for version in waiting:
            if answer := tried.get(version.name):
                _remember(version, house, answer.texts)
                found[version.name] = answer.refused or _all(known[version.name] | answer.texts)
    return found


@dataclass(frozen=True, slots=True)
class _Answer:
    """What became of each text, or why the version cannot be compiled, or was given up."""

    texts: dict[str, tuple[Problem, ...]]
    refused: tuple[Problem, ...] = ()


_TRIED: dict[str, tuple[Problem, ...]] = {}
_MOST_TRIED = 2_000  # texts: a template in seven languages has twenty


def _key(version: TemplateVersion, file: str, house: Layouts) -> str:
    """One text and all that its trial depends on."""
    parts = (
        version.name,
        file,
        version.files[file],
        version.files.get(META_FILE),
        house.digest,
        house.senders,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _known(version: TemplateVersion, house: Layouts) -> dict[str, tuple[Problem, ...]]:
    if any(path != META_FILE and path.partition("/")[2] not in FILES for path in version.files):
        return {}  # a file that is none of a template's is the version's own fault
    keys = {path: _key(version, path, house) for path in sorted(version.files) if path != META_FILE}
    return {path: _TRIED[key] for path, key in keys.items() if key in _TRIED}


def _without(version: TemplateVersion, known: Mapping[str, tuple[Problem, ...]]) -> TemplateVersion | None:
    """The version with the texts that are still to be tried; None where none is."""
    left = {path: text for path, text in version.files.items() if path not in known}
    return replace(version, files=left) if left.keys() - {META_FILE} or not known else None


def _all(texts: Mapping[str, tuple[Problem, ...]]) -> tuple[Problem, ...]:
    return tuple(problem for file in sorted(texts) for problem in texts[file])


def _remember(version: TemplateVersion, house: Layouts, texts: Mapping[str, tuple[Problem, ...]]) -> None:
    """Keep the answers: a text is saved, submitted, approved and published, and the same every time."""
    _TRIED.update({_key(version, file, house): problems for file, problems in texts.items()})
    for key in list(_TRIED)[:-_MOST_TRIED]:
        _TRIED.pop(key, None)


def _run(versions: Sequence[TemplateVersion], house: Layouts) -> dict[str, _Answer]:
    """Try as many versions as one process manages; the one it dies of has a problem."""
    process = _begin()
    lines: Queue[str] = Queue()
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101 - asked for above
    Thread(target=_pump, args=(process.stdout, lines), daemon=True).start()
    try:
        process.stdin.write(pickle.dumps((list(versions), house)))
        process.stdin.close()
        return _answers(lines, versions)
    finally:
        process.kill()
        process.wait()


def _begin() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "dispatcher.writing.trial"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _pump(stream: IO[bytes], lines: "Queue[str]") -> None:
    for line in stream:
        lines.put(line.decode())
    lines.put("")


def _answers(lines: "Queue[str]", versions: Sequence[TemplateVersion]) -> dict[str, _Answer]:
    found: dict[str, _Answer] = {}
    file, patience = "", _START_SECONDS
    for version in versions:
        texts: dict[str, tuple[Problem, ...]] = {}
        while version.name not in found:
            try:
                line = lines.get(timeout=patience)
            except Empty:
                line = ""
            if not line:
                found[version.name] = _Answer(texts, (_gave_up(file or version.name, SECONDS_A_FILE),))
                return found
            said = json.loads(line)
            patience = SECONDS_A_FILE * _BUSY
            file = said["file"]
            if "problems" in said:
                problems = tuple(Problem(**problem) for problem in said["problems"])
                if file:
                    texts[file] = problems
                else:
                    found[version.name] = _Answer(texts, problems)
    return found


def _gave_up(file: str, seconds: float) -> Problem:
    message = f"rendering it was stopped after {seconds:g} seconds, or ran out of memory"
    return Problem(file=file, message=message, suggestion="make the template simpler", rule=_GAVE_UP)


def try_version(version: TemplateVersion, house: Layouts) -> Iterator[tuple[str, tuple[Problem, ...] | None]]:
    """(file, None) where each text begins, (file, its problems) where it ends; ("", why it does not compile) last."""
    try:
        compiled = compile_version(version, house)
    except TemplateProblems as refused:
        yield "", refused.problems
        return
    for text in compiled.texts.values():
        yield text.file, None
        yield text.file, _of_text(compiled, text, version.files[text.file], house)
    yield "", ()


def _of_text(
    compiled: CompiledTemplate, text: CompiledText, source: str, house: Layouts
) -> tuple[Problem, ...]:
    """What is wrong with one text, rendered for every sample."""
    problems: dict[tuple[str, int, str], Problem] = {}
    for problem in _language(text, source, house):
        problems[problem.rule, 0, problem.message] = problem
    tried = tried_on_samples(
        (compiled, name, inputs) for name, inputs in _tried_on(compiled, text, house.senders)
    )
    of_samples = (found for name, result in tried for found in _of_sample(result, source, text.file, name))
    for problem in (*of_samples, *branch_problems(compiled, text), *_dear_characters(text)):
        problems.setdefault((problem.rule, problem.line, problem.message), problem)
    return tuple(problems.values())


def _tried_on(
    compiled: CompiledTemplate, text: CompiledText, senders: Sequence[Sender]
) -> Iterator[tuple[str, RenderInputs]]:
    """Every sample with the first real sender, and an ordinary debtor of each other one."""
    found = list(samples(compiled.meta, text.channel, text.language))
    if (
        not senders or text.channel is ChannelKind.LETTER
    ):  # a letter links nowhere, and its paper takes its time
        yield from found
        return
    for name, inputs in found:
        made = from_sender(inputs, senders[0])
        if inputs.sender.role != SAMPLE_SENDER.role:  # a sample of another's claim stays one
            own = inputs.sender
            made = replace(made, sender=replace(made.sender, role=own.role, creditor_name=own.creditor_name))
        yield name, made
    for sender in senders[1:]:
        yield f"an ordinary debtor of {sender.name}", from_sender(found[0][1], sender)


def _dear_characters(text: CompiledText) -> Iterator[Problem]:
    """Characters that make an SMS cost more and could be written otherwise."""
    if text.channel is not ChannelKind.SMS:
        return
    for number, line in enumerate(text.source.split("\n"), start=1):
        for each in suggest_replacements(_TAG.sub("", line)):
            yield Problem(
                file=text.file,
                line=number,
                column=line.index(each.character) + 1,
                message=f"{each.character} ({each.name.lower()}) makes the SMS cost about twice as much",
                suggestion=f"write {each.instead!r} instead" if each.instead else "delete it",
                rule="sms-cost",
            )


_TAG = re.compile(r"\{[{%].*?[%}]\}")


def branch_problems(compiled: CompiledTemplate, text: CompiledText) -> Iterator[Problem]:
    """What is wrong with the words of branches, whether or not any debtor takes them."""
    for finding in coverage_of(text, compiled.meta).findings:
        yield problem_of(finding, text.source, text.file, "a branch")


_WORDS = re.compile(r"[^\W\d_]+")
_FEW = 8  # common words below which nothing is said about a text's language


def _language(text: CompiledText, source: str, house: Layouts) -> Iterator[Problem]:
    """Whether the author's words read like the language of their folder; the law wants one language throughout."""
    words = [word.lower() for word in _WORDS.findall(re.sub(r"\{[{%].*?[%}]\}", " ", source))]
    counts = {
        name: sum(word in wording.stopwords for word in words) for name, wording in house.wordings.items()
    }
    own = counts.pop(text.wording.language)
    other = max(counts, key=lambda name: counts[name], default="")
    if other and counts[other] >= _FEW and counts[other] > own:
        message = f"reads like {other}, the folder says {text.language}"
        yield Problem(
            file=text.file, message=message, suggestion="move it to its language's folder", rule="language"
        )


def _of_sample(
    result: tuple[Finding, ...] | RenderFailure, source: str, file: str, name: str
) -> Iterator[Problem]:
    if isinstance(result, RenderFailure):
        message = f"for {name}: {result.reason}"
        yield Problem(file=file, message=message, suggestion=result.advice, rule=result.rule)
        return
    for finding in result:
        yield problem_of(finding, source, file, name)


def problem_of(finding: Finding, source: str, file: str, sample: str) -> Problem:
    """A finding as a problem at the place in the source where the phrase was written, if it was written there."""
    place = place_of(finding.phrase, source)
    line = source.count("\n", 0, place) + 1 if place >= 0 else 0
    column = place - source.rfind("\n", 0, place) if place >= 0 else 0
    phrase = f': "{finding.phrase}"' if finding.phrase else ""
    where = "" if place >= 0 else f" (for {sample})"
    return Problem(
        file=file,
        line=line,
        column=column,
        message=f"{finding.rule}{phrase}{where}",
        suggestion=finding.advice,
        rule=finding.rule,
    )


def place_of(phrase: str, source: str) -> int:
    """Where the author wrote a phrase, bold words and line breaks inside it notwithstanding; -1 where not."""
    letters = [(at, char) for at, char in enumerate(folded(source)) if not _LOOSE.match(char)]
    wanted = _LOOSE.sub("", folded(phrase))
    found = "".join(char for _, char in letters).find(wanted) if wanted else -1
    return letters[found][0] if found >= 0 else -1


_LOOSE = re.compile(r"[\s*_>\\\\]")  # what Markdown takes out of a sentence, and white space


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows; the time limit still holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _limit_time() -> None:
    """Die (by SIGPROF) when this file takes more of the processor than it may; what comes after begins anew."""
    import signal

    if hasattr(signal, "setitimer"):  # not on Windows; there the wall's clock alone holds
        signal.setitimer(signal.ITIMER_PROF, SECONDS_A_FILE)


def main() -> None:
    """Read versions from standard input, answer a line of JSON for each step."""
    import dispatcher.writing.letters  # noqa: F401 - loaded before the clock of the first file starts

    _limit_memory()
    versions, house = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - written by our own parent process
    for language in {path.partition("/")[0] for version in versions for path in version.files}:
        if wording := house.wording(language):
            wording.compile()  # likewise
    for version in versions:
        for file, problems in try_version(version, house):
            _limit_time()
            if problems is None:
                _say({"file": file})
            else:
                _say({"file": file, "problems": [asdict(problem) for problem in problems]})


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
