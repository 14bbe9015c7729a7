"""Letters per second on one core beside WeasyPrint with its fast subsetter, PDF sizes, and the cold start.

Run: python -m benchmarks.letters [--seconds 5]
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from dispatcher.writing.letters.engine import LetterEngine
from dispatcher.writing.letters.letter import LetterPdf, render_letter
from dispatcher.writing.letters.plutoprint_engine import PlutoprintEngine
from tests.letters.builders import a_debtor, a_letter, some_debts, some_inputs

ROOT = Path(__file__).resolve().parent.parent
_COLD = """
import time; started = time.perf_counter()
from tests.letters.builders import a_letter, some_inputs
imported = time.perf_counter()
from dispatcher.writing.letters.letter import render_letter
render_letter(a_letter(), some_inputs(), message_id="cold")
print(time.perf_counter() - imported)
"""


def main() -> None:
    seconds = _arguments().seconds
    print(
        f"cold start, first letter of a process: {_cold_start() * 1000:.0f} ms (imports and fonts included)"
    )
    ours = _measure("plutoprint, one thread", PlutoprintEngine(), seconds)
    _measure_threads("plutoprint, two threads", PlutoprintEngine(), seconds)
    _measure("plutoprint, 60 debts on 3 pages", PlutoprintEngine(), seconds, debts=60)
    theirs = _weasyprint(seconds)
    if theirs:
        print(f"ratio, one page: {ours / theirs:.1f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each line is measured")
    return parser.parse_args()


def _weasyprint(seconds: float) -> float | None:
    try:
        from weasyprint.text.ffi import harfbuzz_subset

        from dispatcher.writing.letters.weasyprint_engine import WeasyprintEngine
    except (ImportError, OSError) as reason:
        print(f"WeasyPrint cannot run here: {reason}")
        return None
    subsetter = "with" if harfbuzz_subset else "WITHOUT (install libharfbuzz-subset)"
    return _measure(f"WeasyPrint, {subsetter} its fast subsetter", WeasyprintEngine(), seconds)


def _measure(name: str, engine: LetterEngine, seconds: float, debts: int = 1) -> float:
    render = _renderer(engine, debts)
    size = len(render(0).pdf)
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        render(len(times) + 1)
        times.append(time.perf_counter() - started)
    rate = 1 / statistics.median(times)
    print(f"{name}: {rate:.1f} letters/s (median of {len(times)}), {size / 1024:.0f} KB")
    return rate


def _measure_threads(name: str, engine: LetterEngine, seconds: float) -> None:
    render = _renderer(engine, 1)
    render(0)
    count = max(20, int(seconds * 60))
    started = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(render, range(count)))
    print(f"{name}: {count / (time.perf_counter() - started):.1f} letters/s")


def _renderer(engine: LetterEngine, debts: int) -> Callable[[int], LetterPdf]:
    """Every letter differs in name, reference and payment link, as in a run."""

    def render(number: int) -> LetterPdf:
        rows = tuple(replace(debt, reference=f"{debt.reference}-{number}") for debt in some_debts(debts))
        inputs = some_inputs(
            debts=rows,
            debtor=a_debtor(name=f"Ana Gómez {number}"),
            payment_url=f"https://pay.acme.example/INV-2026-{number:06d}",
        )
        letter = render_letter(a_letter(inputs), inputs, message_id=f"bench-{number}", engine=engine)
        if not isinstance(letter, LetterPdf):
            raise SystemExit(letter.message)
        return letter

    return render


def _cold_start() -> float:
    runs = [
        float(
            subprocess.run(
                [sys.executable, "-c", _COLD], cwd=ROOT, capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(3)
    ]
    return statistics.median(runs)


if __name__ == "__main__":
    main()
