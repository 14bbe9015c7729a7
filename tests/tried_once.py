"""What is shipped is tried once, by one process of a run: it takes ten seconds."""

import hashlib
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dispatcher.writing import rendered_samples, trial
from dispatcher.writing.domain.template import TemplateVersion
from dispatcher.writing.language.layouts import Layouts
from tests.forked_trials import ForkedTrial, own_start
from tests.made_once import made_once

MANY_TEMPLATES = 5  # a test of trials tries fewer, and tries them itself

_try_versions, _try_samples = trial._run, rendered_samples.tried_on_samples
_samples: dict[bytes, list[tuple[str, rendered_samples.Result]]] = {}


def begin(factory: pytest.TempPathFactory) -> None:
    """From now on, in this process."""
    trial._MOST_TRIED = 20_000
    trial._begin = ForkedTrial
    trial._run = partial(_tried, factory)
    rendered_samples.tried_on_samples = partial(_tried_on_samples, factory)


def end() -> None:
    """As the program does it."""
    trial._begin, trial._run, rendered_samples.tried_on_samples = own_start, _try_versions, _try_samples


def _tried(factory: pytest.TempPathFactory, versions: Sequence[TemplateVersion], house: Layouts) -> Any:
    if len(versions) < MANY_TEMPLATES:
        return _try_versions(versions, house)
    tried = [trial._key(version, file, house) for version in versions for file in sorted(version.files)]
    return _answered_once(factory, f"tried-{_digest(tried).hex()}", lambda: _try_versions(versions, house))


def _tried_on_samples(
    factory: pytest.TempPathFactory, wanted: Iterable[rendered_samples.Sample]
) -> Iterator[tuple[str, rendered_samples.Result]]:
    """`dispatcher check` writes the same hundreds of texts each time it is called: seven seconds."""
    samples = list(wanted)
    key = _digest(
        [(compiled.name, compiled.digest, name, repr(inputs)) for compiled, name, inputs in samples]
    )
    if key not in _samples:
        _samples[key] = _answered_once(factory, f"written-{key.hex()}", lambda: list(_try_samples(samples)))
    return iter(_samples[key])


def _digest(asked: object) -> bytes:
    return hashlib.sha256(repr(asked).encode()).digest()


def _answered_once(factory: pytest.TempPathFactory, name: str, ask: Callable[[], Any]) -> Any:
    folder = made_once(factory, name, lambda folder: _write_answers(folder, ask()))
    return pickle.loads((folder / "answers").read_bytes())


def _write_answers(folder: Path, answers: Any) -> None:
    folder.mkdir()
    (folder / "answers").write_bytes(pickle.dumps(answers))
