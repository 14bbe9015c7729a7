"""A preview is what delivery wrote, byte for byte, on every channel."""

import json
from pathlib import Path
from shutil import copytree

import pytest

from dispatcher.writing.letters.reading import read_letter
from tests import command
from tests.shared import ROOT

AS_OF, NOW = "2026-11-16", "2026-11-16T18:00:00Z"
SUFFIX = {"email": ".eml", "sms": ".txt", "letter": ".pdf"}


def dispatcher(home, *words, code=(0,)):
    run = command.dispatcher(*words, home=home)
    assert run.returncode in code, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home after a day of a small sample portfolio."""
    home = tmp_path_factory.mktemp("home")
    dispatcher(
        home, "portfolio", "sample", "--out", str(home / "sample.csv"), "--debtors", "60", "--as-of", AS_OF
    )
    dispatcher(home, "portfolio", "import", str(home / "sample.csv"), "--as-of", AS_OF)
    dispatcher(home, "run", "--as-of", AS_OF, "--now", NOW, code=(0, 1))
    return home


def token_of(home, name, role):
    """The words that prove on the command line who it is: somebody added with a role, and their token in a file."""
    command.dispatcher("users", "add", name, "--role", role, home=home, given="three unrelated words\n")
    file = home / f"{name}.token"
    file.write_text(dispatcher(home, "users", "token", name), encoding="utf-8")
    return "--token-file", str(file)


@pytest.fixture(scope="module")
def sent(home):
    return json.loads(dispatcher(home, "messages", "list", "--state", "accepted", "--json"))


@pytest.mark.parametrize("channel", SUFFIX)
def test_a_preview_is_byte_for_byte_what_delivery_wrote(home, sent, channel, tmp_path):
    (message, *_) = [message for message in sent if message["channel"] == channel]
    out = tmp_path / f"preview{SUFFIX[channel]}"
    dispatcher(home, "templates", "preview", message["template"], "--debtor", message["debtor"], "--channel", channel,
               "--out", str(out), "--as-of", AS_OF, "--now", NOW)  # fmt: skip
    written = {path.read_bytes() for path in (home / "outbox").glob(f"*{SUFFIX[channel]}")}
    assert out.read_bytes() in written


def test_a_preview_of_a_debtor_without_a_message_is_made_from_todays_ledger(home, sent):
    reminded = {message["debtor"] for message in sent}
    shown = json.loads(
        dispatcher(
            home,
            "templates",
            "preview",
            "second-reminder",
            "--debtor",
            min(reminded),
            "--as-of",
            AS_OF,
            "--now",
            NOW,
            "--json",
            code=(0, 1),
        )
    )
    assert shown[0]["basis"] == f"the ledger on {AS_OF}"


def test_a_preview_of_nobody_says_so(home):
    assert "no debtor 'nobody'" in dispatcher_error(
        home, "templates", "preview", "due-soon", "--debtor", "nobody"
    )


def dispatcher_error(home, *words):
    run = command.dispatcher(*words, home=home)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    return run.stderr


def test_a_rehearsal_renders_the_whole_portfolio(home):
    report = dispatcher(home, "templates", "rehearse", "first-reminder", "1", "--as-of", AS_OF, "--now", NOW)
    assert report.startswith("rendered ")
    assert "would be held: 0; too long: 0; changed: 0" in report


def test_a_rehearsal_counts_apart_whom_a_template_would_never_be_sent_to(home):
    report = dispatcher(
        home, "templates", "rehearse", "final-notice", "1", "--as-of", AS_OF, "--now", NOW, code=(0, 1)
    )
    assert "who lack what template.yaml says it needs" in report
    assert "The text needs handover" not in report


def test_lint_finds_what_is_wrong_and_exits_with_one(home, tmp_path):
    source = Path(__file__).parents[2] / "templates/due-soon"
    folder = tmp_path / "due-soon"
    for path in source.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (folder / "en/sms.txt").write_text(
        "{{ debtor.nam }} {{ sender.name }} {{ sender.phone }}", encoding="utf-8"
    )
    assert (
        "due-soon/en/sms.txt:1:4: there is no placeholder `debtor.nam`; did you mean `debtor.name`?"
        in dispatcher(home, "templates", "lint", str(folder), code=(1,))
    )


def test_a_message_of_the_first_version_is_shown_with_the_first_version(home, sent, tmp_path):
    emails = [message for message in sent if message["channel"] == "email"]
    people = [message["debtor"] for message in emails]
    (message, *_) = [
        message for message in emails if people.count(message["debtor"]) == 1
    ]  # in a chance order
    name, words = message["template"], ("--debtor", message["debtor"], "--channel", "email", "--now", NOW)
    folder = tmp_path / name
    copytree(ROOT / "templates" / name, folder)
    for text in folder.rglob("email.md"):
        text.write_text(text.read_text(encoding="utf-8") + "\nWritten anew.\n", encoding="utf-8")
    maria, ben = token_of(home, "maria", "manager"), token_of(home, "ben", "approver")
    for step in (["save", name, str(folder)], ["submit", name, "2"]):
        dispatcher(home, "templates", *step, *maria)
    for step in ("approve", "publish"):
        dispatcher(home, "templates", step, name, "2", *ben, *(["--accept-failures"] * (step == "publish")))
    (shown,) = json.loads(
        dispatcher(home, "templates", "preview", name, *words, "--as-of", AS_OF, "--json", code=(0, 1))
    )
    assert (shown["message_id"], shown["version"], shown["is_stored"]) == (message["id"], 1, True)
    assert "Written anew" not in shown["text"]
    (asked,) = json.loads(
        dispatcher(home, "templates", "preview", name, *words, "--version", "2", "--json", code=(0, 1))
    )
    assert asked["version"] == 2
    assert "Written anew" in asked["text"]


def test_the_print_houses_list_gives_the_address_as_the_letter_prints_it(home, sent):
    (message, *_) = [message for message in sent if message["channel"] == "letter"]
    shown = json.loads(dispatcher(home, "messages", "show", message["id"], "--json"))
    envelope = shown.get("envelope") or shown["message"]["envelope"]
    lines = envelope["postal_address"]["lines"]
    paper = read_letter(next((home / "outbox").glob(f"{message['id']}*.pdf")).read_bytes()).text
    for line in lines:
        assert line in " ".join(paper.split())


def test_what_waits_for_a_second_person_is_listed_with_its_age(tmp_path):
    home = tmp_path / "home"
    folder = tmp_path / "due-soon"
    copytree(ROOT / "templates/due-soon", folder)
    text = folder / "en/letter.md"
    text.write_text(text.read_text(encoding="utf-8") + "\nThank you.\n", encoding="utf-8")
    maria = token_of(home, "maria", "manager")
    dispatcher(home, "templates", "save", "due-soon", str(folder), *maria)
    dispatcher(home, "templates", "submit", "due-soon", "2", *maria)
    (row,) = json.loads(dispatcher(home, "waiting", "--json", code=(1,)))
    assert (row["what"], row["for"]) == ("template due-soon, version 2", "approve")
    assert (row["by"], row["days"]) == ("user:maria", 0)
    dispatcher(home, "templates", "withdraw", "due-soon", "2", "--why", "A slip", *maria)
    assert dispatcher(home, "waiting") == "waiting for a second person: 0\n"


def test_a_review_on_the_command_line_is_done_by_whoever_proves_who_they_are(tmp_path):
    home = tmp_path / "home"
    folder = tmp_path / "due-soon"
    copytree(ROOT / "templates/due-soon", folder)
    maria, max_ = token_of(home, "maria", "manager,approver"), token_of(home, "max", "auditor")
    dispatcher(home, "templates", "save", "due-soon", str(folder), *maria)
    dispatcher(home, "templates", "submit", "due-soon", "2", *maria)

    def refused(*words, **variables):
        run = command.dispatcher("templates", "approve", "due-soon", "2", *words, home=home, **variables)
        assert run.returncode == 2
        return run.stderr

    assert "user:maria wrote version 2" in refused(*maria)
    assert "max has not the role approver" in refused(*max_)
    forged = tmp_path / "forged.token"
    forged.write_text("dsp_forged", encoding="utf-8")
    assert "holds no token that is in force" in refused("--token-file", str(forged))
    assert "No such option" in refused("--by", "ben")
    assert "templates.source is pages" in refused(DISPATCHER_TEMPLATES__SOURCE="pages")
