"""The command line as a user meets it: exit codes, help with an example, errors in a sentence, JSON that is JSON."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from dispatcher.cli.main import COMMANDS
from tests.command import dispatcher

ROOT = Path(__file__).resolve().parents[2]

Command = Callable[..., CompletedProcess[str]]
NOW = "2026-11-16T18:00:00Z"
DAY = ("--as-of", "2026-11-16", "--now", NOW)
LEDGER = """creditor,debt_reference,debtor_reference,debtor_name,country,region,email,currency,balance,due_date,disputed_on,sender_role
acme,R1,D1,Ana Example,US,NY,ana@debtors.example,USD,100.00,2026-11-10,,
acme,R2,D2,Ben Example,US,NY,ben@debtors.example,USD,250.00,2026-11-10,2026-11-12,
acme,R3,D3,Cleo Example,US,NY,,USD,75.00,2026-11-10,,
acme,R4,D4,Dora Example,US,NY,dora@debtors.example,USD,60.00,2026-11-10,,third_party
"""


def runner(home: Path) -> Command:
    def run(*words: str, **more: str) -> CompletedProcess[str]:
        return dispatcher(*words, home=home, cwd=home.parent, **more)

    return run


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """A small ledger, and the run of its day."""
    folder = tmp_path_factory.mktemp("desk")
    run = runner(folder / "home")
    (folder / "ledger.csv").write_text(LEDGER)
    assert run("portfolio", "import", "ledger.csv", "--as-of", "2026-11-16").returncode == 0
    done = run("run", *DAY, "--json")
    assert done.returncode == 1, done.stderr  # one is held
    assert {word: json.loads(done.stdout)[word] for word in ("due", "sent", "held", "blocked")} == {
        "due": 4,
        "sent": 1,
        "held": 1,
        "blocked": 2,
    }
    return run


def message(house: Command) -> dict:
    (found,) = json.loads(house("messages", "list", "--json").stdout)
    return found


def test_messages_list_says_who_got_what(house: Command) -> None:
    found = message(house)
    assert {name: found[name] for name in ("debtor", "state", "channel", "step", "address")} == {
        "debtor": "acme/D1",
        "state": "accepted",
        "channel": "email",
        "step": "first-reminder",
        "address": "ana@debtors.example",
    }
    assert "acme/D1" in house("messages", "list").stdout
    assert json.loads(house("messages", "list", "--state", "held", "--json").stdout) == []


def test_messages_show_tells_one_story_from_planned_to_accepted(house: Command) -> None:
    said = house("messages", "show", message(house)["id"], "--body").stdout
    words = ["planned", "queued", "attempting", "accepted"]
    assert [said.index(f"  {word}") for word in words] == sorted(said.index(f"  {word}") for word in words)
    assert "America/New_York" in said
    assert "100.00" in said


def test_messages_show_of_an_unknown_id_says_how_to_find_one(house: Command) -> None:
    done = house("messages", "show", "0000")
    assert done.returncode == 2
    assert "dispatcher messages list" in done.stderr


def test_a_second_run_of_the_day_sends_nothing(house: Command) -> None:
    summary = json.loads(house("run", *DAY, "--json").stdout)
    assert (summary["due"], summary["sent"], summary["held"], summary["blocked"]) == (3, 0, 1, 2)


def test_a_run_ends_with_1_while_a_debt_is_held_that_never_was_a_message(house: Command) -> None:
    done = house("run", *DAY, "--json")
    assert json.loads(done.stdout)["left_open"] == {}
    assert [reason["rule"] for reason in json.loads(done.stdout)["reasons"] if reason["word"] == "held"] == [
        "sender-role"
    ]
    assert done.returncode == 1


def test_explain_answers_for_somebody_sent_disputed_unreachable_and_held(house: Command) -> None:
    sent = "The first-reminder went out by e-mail on Monday 2026-11-16 at 13:00 (America/New_York)."
    assert sent in house("explain", "acme/D1", *DAY).stdout
    assert "is kept back: the debt is disputed since 2026-11-12" in house("explain", "D2", *DAY).stdout
    assert "no usable e-mail address on file" in house("explain", "D3", *DAY).stdout
    held = "the ledger's sender_role says third_party, config/senders.yaml says original_creditor of acme"
    assert held in house("explain", "D4", *DAY).stdout


def test_explain_names_the_law_of_the_role_in_which_each_debt_is_collected(house: Command) -> None:
    assert (
        "Rules: DEFAULT, HOUSE, US-BANKRUPTCY, US-NYC-SHIELD, US-TCPA." in house("explain", "D1", *DAY).stdout
    )
    assert (
        "Rules: DEFAULT, HOUSE, US-BANKRUPTCY, US-NY-DFS, US-NYC-SHIELD, US-REGF, US-TCPA."
        in house("explain", "D4", *DAY).stdout
    )


def test_a_run_says_that_it_sent_what_a_plan_had_left(tmp_path: Path) -> None:
    run = runner(tmp_path / "home")
    (tmp_path / "ledger.csv").write_text(LEDGER)
    assert run("portfolio", "import", "ledger.csv", "--as-of", "2026-11-16").returncode == 0
    assert run("plan", *DAY).returncode == 0
    assert "3 due = 0 sent + 0 deferred + 1 held + 2 blocked\nBesides, 1 sent" in run("run", *DAY).stdout
    assert json.loads(run("run", *DAY, "--json").stdout)["sent_of_earlier_runs"] == 0


def test_explain_counts_the_debts_of_later_days_instead_of_telling_each(tmp_path: Path) -> None:
    run = runner(tmp_path / "home")
    rows = [f"acme,R{n},D1,USD,10.00,2027-0{n}-20,2027-0{n}-10" for n in range(1, 6)]
    header = "creditor,debt_reference,debtor_reference,currency,balance,due_date,issued_on"
    (tmp_path / "ledger.csv").write_text("\n".join([header, *rows, "acme,R0,D1,USD,9.00,2026-11-10,"]))
    assert run("portfolio", "import", "ledger.csv", "--as-of", "2026-11-16").returncode == 0
    said = run("explain", "acme/D1", *DAY).stdout
    assert "5 more debts are not issued yet, the first on 2027-01-10" in said
    assert [line.split(":")[0] for line in said.splitlines() if line.startswith("acme/")] == ["acme/R0"]
    assert len(json.loads(run("explain", "acme/D1", *DAY, "--json").stdout)["debts"]) == 6


def test_explain_of_nobody_exits_2_and_says_what_a_reference_looks_like(house: Command) -> None:
    done = house("explain", "nobody", *DAY)
    assert (done.returncode, done.stdout) == (2, "")
    assert "creditor/reference" in done.stderr


def test_plan_dry_run_stores_nothing_and_writes_the_plan_as_csv_and_json_lines(
    house: Command, tmp_path: Path
) -> None:
    for suffix in ("csv", "jsonl"):
        out = str(tmp_path / f"plan.{suffix}")
        done = house("plan", "--as-of", "2026-11-20", "--now", NOW, "--dry-run", "--out", out)
        assert "dry run, nothing stored" in done.stdout, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()]
    assert sorted((line["debtor"], line["decision"]) for line in lines) == [
        ("acme/D2", "block"),
        ("acme/D3", "block"),
        ("acme/D4", "hold"),
    ]
    assert (
        (tmp_path / "plan.csv").read_text().splitlines()[0].startswith("debtor,relation,debts,strategy,step")
    )
    assert len(json.loads(house("messages", "list", "--json").stdout)) == 1


def test_plan_diff_names_what_is_gone(house: Command) -> None:
    said = house("plan", *DAY, "--dry-run", "--diff", "1").stdout
    assert "gone: acme/D1 acme/R1 first-reminder email allow (nothing is due about it: it was sent" in said
    assert "0 messages are the same." in said


def test_an_older_day_is_refused_with_exit_code_2(house: Command) -> None:
    done = house("run", "--as-of", "2026-11-15", "--now", NOW)
    assert done.returncode == 2
    assert "a ladder does not go back" in done.stderr


def test_forecast_names_its_assumptions_and_sends_nothing(house: Command) -> None:
    done = house("forecast", "--days", "20", "--as-of", "2026-11-17", "--now", "2026-11-17T18:00:00Z")
    assert "second-reminder" in done.stdout
    assert "Nothing was sent or stored." in done.stdout
    assert len(json.loads(house("messages", "list", "--json").stdout)) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("plan", "--as-of", "yesterday"), "is not a day; write it as 2026-11-23"),
        (("run", "--now", "2026-11-16T18:00:00"), "has no offset"),
        (("plan", "--strategy", "nonesuch"), "there is no strategy 'nonesuch'"),
        (("forecast", "--days", "0"), "--days"),
        (("nonesuch",), "No such command"),
    ],
)
def test_wrong_use_exits_2_and_says_what_is_wrong(house: Command, words: tuple[str, ...], says: str) -> None:
    done = house(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["run", "plan", "dispatch", "explain", "forecast", "check", "log", "queue"])
def test_help_shows_an_example(house: Command, verb: str) -> None:
    assert f"Example: dispatcher {verb}" in house(verb, "--help").stdout


def test_help_lists_every_verb(house: Command) -> None:
    said = house("--help").stdout
    assert [name for name in COMMANDS if f" {name} " not in said] == []
    assert "Example: dispatcher run" in said


def test_a_live_run_on_an_old_ledger_is_refused(tmp_path: Path) -> None:
    run = runner(tmp_path / "home")
    (tmp_path / "ledger.csv").write_text(LEDGER)
    run("portfolio", "import", "ledger.csv", "--as-of", "2026-11-16")
    done = run("run", DISPATCHER_GUARDS__MAX_LEDGER_AGE_HOURS="0.0000001")
    assert done.returncode == 2
    assert "no creditor has a fresh ledger" in done.stderr
    assert run("plan", DISPATCHER_GUARDS__MAX_LEDGER_AGE_HOURS="0.0000001").returncode == 2


def test_a_run_without_any_ledger_says_so_and_is_no_success(tmp_path: Path) -> None:
    done = runner(tmp_path / "home")("run", *DAY)
    assert done.returncode == 2
    assert "there is no ledger yet" in done.stderr


def test_check_rehearses_schedules_mappings_and_texts_and_names_what_is_wrong(tmp_path: Path) -> None:
    config = tmp_path / "config"
    (config / "mappings").mkdir(parents=True)
    (config / "mappings" / "bad.yaml").write_text('fields:\n  debt_reference: x\n  email: "{{ y | mail }}"\n')
    (config / "mappings" / "good.yaml").write_text(
        "fields: {debt_reference: A, debtor_reference: B, currency: C, balance: D, due_date: E}\n"
    )
    (config / "schedules.yaml").write_text(
        "schedules:\n  - {name: nightly, job: seal, cron: '15 3 * * *', zone: America/New_York}\n"
    )
    done = runner(tmp_path / "home")("check", "--data-only", DISPATCHER_CONFIG_DIR=str(config))
    assert done.returncode == 1
    assert "nightly (seal) fires next" in done.stdout
    assert done.stdout.count("03:15") == 3
    assert "bad.yaml:3: fields.email: there is no filter mail" in done.stdout
    assert "a row comes through good" in done.stdout
    assert "one a template, language and channel" in done.stdout
    assert "replies are read in de, en, " in done.stdout


def test_check_reads_the_words_of_replies_and_names_file_line_and_key(tmp_path: Path) -> None:
    content, readings = tmp_path / "config" / "content", tmp_path / "config" / "readings"
    content.mkdir(parents=True)  # no wordings there: the check of texts ends at once
    shutil.copytree(ROOT / "config" / "readings", readings)
    for name, old, new in [
        (content / "care_words.yaml", "  en: [", "  en: [3, "),
        (content / "optout_words.yaml", "", ""),
        (readings / "en.yaml", "language: en", "language: it"),
    ]:
        text = (ROOT / name.relative_to(tmp_path)).read_text(encoding="utf-8")
        name.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = runner(tmp_path / "home")("check", "--data-only", DISPATCHER_CONFIG_DIR=str(tmp_path / "config"))
    assert done.returncode == 1
    assert "care_words.yaml:5: phrases.en.0: 3 is not of type 'string'" in done.stdout
    line = 1 + (readings / "en.yaml").read_text(encoding="utf-8").splitlines().index("language: it")
    assert f"readings/en.yaml:{line}: language: 'it' must stand in a file of its name" in done.stdout
