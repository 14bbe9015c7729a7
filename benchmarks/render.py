"""Renders a second on one core, every check included, beside plain Jinja without any check.

    python -m benchmarks.render [--seconds 3]

"Plain Jinja" renders the same composed sources (HTML and text) with an ordinary environment: no sandbox, no
strictness, no checks, no MIME, amounts and dates already formatted, or formatted by Babel in a filter.
"""

import argparse
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import jinja2
from babel.dates import format_date
from babel.numbers import format_currency

from channels.kind import ChannelKind
from dispatcher.authoring.template_files import read_template
from dispatcher.rulebook.letter_words import load_letter_words
from dispatcher.rulebook.wording import load_wordings
from dispatcher.values.money import Money
from dispatcher.writing.checks.checks import check_bytes
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.language.compile import compile_version
from dispatcher.writing.language.compile_text import joined_sources
from dispatcher.writing.language.compiled import CompiledTemplate
from dispatcher.writing.language.layouts import Layouts, read_layouts
from dispatcher.writing.render import Rendered, render
from dispatcher.writing.samples import sample

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 3, 11, 18, tzinfo=UTC)
NAMES = (
    "Ana Pérez",
    "John Smith",
    "O'Neil & Sons",
    "محمد علي",
    "José Núñez Ibáñez",
    "Li Wei",
    "Chloé Dubois",
)
NAME = "first-reminder"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0)
    seconds = parser.parse_args().seconds
    words = load_letter_words(ROOT / "config/letters")
    house = read_layouts(ROOT / "templates", load_wordings(ROOT / "config/content"), words)
    compiled = compile_version(read_template(ROOT / "templates", NAME), house)
    print(f"{NAME}, different debtors, CPU time of one core; Python {sys.version.split()[0]}")
    for channel in ChannelKind:
        people = debtors(channel, 50 if channel is ChannelKind.LETTER else 2_000)
        say(f"{channel} with every check", rate(lambda made, c=compiled: whole(c, made), people, seconds))
    people = debtors(ChannelKind.EMAIL, 2_000)
    bodies = [(made, whole(compiled, made).body) for made in people]
    again = rate(lambda pair: check_bytes(pair[1], compiled=compiled, inputs=pair[0]), bodies, seconds)
    say("email, checks of the bytes at send alone", again)
    plain(house, seconds)
    letters(compiled)
    cold_start()


def debtors(channel: ChannelKind, count: int) -> list[RenderInputs]:
    """Sample debtors that differ in name, amount, date and links, so that nothing is answered from memory."""
    draw = random.Random(7)
    made = []
    for number in range(count):
        base = sample(channel, "en", "US", "collection")
        balance = Money(draw.randrange(1_000, 5_000_000), "USD")
        due = date(2026, draw.randrange(1, 13), draw.randrange(1, 28))
        debt = replace(
            base.debts[0],
            reference=f"INV-{draw.randrange(10**6)}",
            balance=balance,
            original=balance,
            due_date=due,
        )
        made.append(
            replace(
                base,
                debtor=replace(base.debtor, name=f"{draw.choice(NAMES)} {number}"),
                debts=(debt,),
                total=balance,
                arrangement=None,  # a plain reminder tells of none
                optout_url=f"https://sender.example/u/{draw.randrange(10**12)}",
                payment_url=f"https://pay.sender.example/{debt.reference}",
            )
        )
    return made


def whole(compiled: CompiledTemplate, made: RenderInputs) -> Rendered:
    result = render(
        compiled, made, message_id="bench", to="ana@debtor.example", to_name=made.debtor.name, now=NOW
    )
    if not isinstance(result, Rendered) or result.findings:
        raise SystemExit(f"the benchmark's debtor would be held: {result}")
    return result


def rate(act: Callable[..., object], items: Sequence[object], seconds: float) -> float:
    """Calls a CPU second."""
    for item in items[:50]:
        act(item)
    done, started = 0, time.process_time()
    while (spent := time.process_time() - started) < seconds:
        act(items[done % len(items)])
        done += 1
    return done / spent


def plain(house: Layouts, seconds: float) -> None:
    """The same e-mail through an ordinary Jinja, without anything around it."""
    version = read_template(ROOT / "templates", NAME)
    sources = joined_sources("en/email.md", version.files["en/email.md"], house)
    templates = [ordinary(html=part == "html").from_string(sources[part]) for part in ("html", "text")]
    people = debtors(ChannelKind.EMAIL, 500)
    ready = [plain_values(made, lambda _: "$120.00", lambda _: "March 1, 2026") for made in people]
    say(
        "plain Jinja, values formatted beforehand", rate(lambda names: both(templates, names), ready, seconds)
    )
    fresh = rate(lambda made: both(templates, plain_values(made, by_babel, day_by_babel)), people, seconds)
    say("plain Jinja, amounts and dates formatted by Babel", fresh)


def ordinary(*, html: bool) -> jinja2.Environment:
    env = jinja2.Environment(autoescape=html, trim_blocks=True, lstrip_blocks=True)
    env.filters["plural"] = lambda items, one, other: one if len(items) == 1 else other
    return env


def both(templates: Sequence[jinja2.Template], names: dict[str, object]) -> None:
    for template in templates:
        template.render(names)


def by_babel(amount: Decimal) -> str:
    return format_currency(amount, "USD", locale="en_US")


def day_by_babel(day: date) -> str:
    return format_date(day, "long", locale="en_US")


_SENDER = ("name", "legal_name", "role", "phone", "email", "contact_person")


def plain_values(
    made: RenderInputs, money: Callable[[Decimal], str], day: Callable[[date], str]
) -> dict[str, object]:
    sender = {name: getattr(made.sender, name) for name in _SENDER}
    hours = made.sender.contact_hours["en"]
    debt = SimpleNamespace(
        reference=made.debts[0].reference,
        balance=money(made.debts[0].balance.amount),
        due_date=day(made.debts[0].due_date),
    )
    no = SimpleNamespace(first=False, later=False)
    return {
        "debtor": SimpleNamespace(name=made.debtor.name, kind="person"),
        "sender": SimpleNamespace(
            **sender, contact_hours=hours, address="100 Example Street", registration=""
        ),
        "creditor": SimpleNamespace(name=made.sender.creditor_name),
        "debt": debt,
        "debts": [debt],
        "references": debt.reference,
        "total": money(made.total.amount),
        "as_of": day(made.as_of),
        "links": SimpleNamespace(pay=made.payment_url, stop=made.optout_url, dispute=made.sender.dispute_url),
        "law": defaultdict(lambda: no),  # no disclosure applies
        "brand": SimpleNamespace(colour="#1d2127", dark="#e8eaed", logo=None),
        "advice": SimpleNamespace(contact="A Free Advice Service, +1 800 555 0100"),
        "complaints": SimpleNamespace(contact=None),
        "kind": "collection",
        "channel": "email",
    }


def letters(compiled: CompiledTemplate) -> None:
    bodies = [whole(compiled, made).body for made in debtors(ChannelKind.LETTER, 5)]
    print(f"{'letter, PDF size':<55} {sum(map(len, bodies)) / len(bodies) / 1024:>9,.0f} KB")


def cold_start() -> None:
    code = "import dispatcher.writing.render"
    times = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        times.append(time.perf_counter() - started)
    print(f"{'cold start (interpreter and imports, wall clock)':<55} {min(times):>9.2f} s")


def say(what: str, value: float) -> None:
    print(f"{what:<55} {value:>9,.0f} /s   {1e6 / value:>8,.0f} us each")


if __name__ == "__main__":
    main()
