"""A template's way: written, previewed, reviewed by another person, published; and two editors who lose nothing."""

import re
from collections.abc import Mapping
from datetime import date
from html import unescape

from httpx import Response
from sqlalchemy import select

from dispatcher.authoring.storage import template_versions
from dispatcher.database.tables.messages import messages
from dispatcher.worker.daily_run import run_today
from dispatcher.writing.language.meta import read_meta
from tests.web.house import Desk, Web

NAME = "first-reminder"
EDIT = f"/templates/{NAME}/edit"


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found.group(1)


def text_in(page: str) -> str:
    found = re.search(r"<textarea id=\"text\"[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return unescape(found.group(1))


def opened(desk: Desk, file: str = "en/email.md", version: int | None = None) -> dict[str, str]:
    """The form as the editor hands it out."""
    page = desk.page(f"{EDIT}?file={file}" + (f"&version={version}" if version else ""))
    form = {name: field(page, name) for name in ("version", "file", "opened")}
    return form | {"text": text_in(page)}


def saved(desk: Desk, form: Mapping[str, str | list[str]], **more: str) -> int:
    answer = desk.post(EDIT, {**form, **more})
    assert answer.status_code == 303, answer.text[:3000]
    found = re.search(r"version=(\d+)", answer.headers["location"])
    assert found is not None
    return int(found.group(1))


def act(desk: Desk, version: int, what: str, **data: str) -> str:
    return desk.said(desk.post(f"/templates/{NAME}/versions/{version}/{what}", data))


def texts(web: Web, version: int) -> dict[str, str]:
    with web.house.database.reading() as connection:
        stored = template_versions.get(connection, NAME, version)
    assert stored is not None
    return dict(stored.version.files)


def with_line(form: dict[str, str], line: str) -> dict[str, str]:
    return form | {"text": form["text"].replace("Kind regards,", f"{line}\n\nKind regards,")}


def test_a_change_goes_through_another_persons_hands_into_the_next_run(web: Web) -> None:
    manager, approver = web.signed_in("manager"), web.signed_in("approver")
    version = saved(manager, with_line(opened(manager), "We are glad to help."), comment="warmer")

    assert "Handed in" in act(manager, version, "submit", comment="warmer at the end")
    assert f"{NAME}, version {version}" in approver.page("/tasks?kind=review")
    assert "warmer at the end" in approver.page("/tasks?kind=review")
    assert "+We are glad to help." in approver.page(f"/templates/{NAME}/diff?old=1&new={version}")
    assert "Approved" in act(approver, version, "approve")
    assert "Published" in act(approver, version, "publish")

    run_today(web.house, date(2026, 11, 17), actor="test")
    with web.house.database.reading() as connection:
        used = select(messages.c.template_version).where(
            messages.c.template == NAME, messages.c.as_of == date(2026, 11, 17)
        )
        assert set(connection.scalars(used)) <= {version}
    assert "in force" in manager.page(f"/templates/{NAME}/versions/{version}")
    log = web.signed_in("auditor").page("/log?event=template_published")
    assert "user:approver" in log


def test_nobody_approves_or_publishes_what_they_wrote(web: Web) -> None:
    both = web.signed_in("everybody")
    version = saved(both, with_line(opened(both), "By one person alone."))

    act(both, version, "submit")

    assert "another person must approve" in act(both, version, "approve")
    assert "Approved" in act(web.signed_in("approver"), version, "approve")
    assert "another person must publish" in act(both, version, "publish")


def test_a_version_published_from_a_date_waits_for_it(web: Web) -> None:
    manager, approver = web.signed_in("manager"), web.signed_in("approver")
    version = saved(manager, with_line(opened(manager), "From next month."))
    act(manager, version, "submit")
    act(approver, version, "approve")

    assert "2026-12-01 00:00" in act(approver, version, "publish", since="2026-12-01T00:00")

    with web.house.database.reading() as connection:
        now = template_versions.in_force(connection, NAME, web.house.now())
    assert now is not None
    assert now.version.version == 1


def test_a_version_sent_back_becomes_a_draft_again_with_the_reason(web: Web) -> None:
    manager, approver = web.signed_in("manager"), web.signed_in("approver")
    version = saved(manager, with_line(opened(manager), "Too long, perhaps."))
    act(manager, version, "submit")

    assert "Say what is to change" in act(approver, version, "send-back")
    assert "Sent back" in act(approver, version, "send-back", why="shorter, please")
    assert "shorter, please" in manager.page(f"/templates/{NAME}/versions/{version}")
    assert saved(manager, with_line(opened(manager, version=version), "Short.")) == version


def test_retiring_brings_the_former_version_back_and_a_copy_rolls_back_its_text(web: Web) -> None:
    manager, approver = web.signed_in("manager"), web.signed_in("approver")
    version = saved(manager, with_line(opened(manager), "A mistake."))
    act(manager, version, "submit")
    act(approver, version, "approve")
    act(approver, version, "publish")

    assert "holds again" in act(approver, version, "retire", why="Too long")
    answer = manager.post(f"/templates/{NAME}/versions/1/copy")
    assert "begins as a copy" in manager.said(answer)

    with web.house.database.reading() as connection:
        in_force = template_versions.in_force(connection, NAME, web.house.now())
    assert in_force is not None
    assert in_force.version.version == 1
    assert texts(web, version + 1) == texts(web, 1)


def test_a_draft_with_problems_is_kept_but_not_handed_in(web: Web) -> None:
    manager = web.signed_in("manager")
    version = saved(manager, with_line(opened(manager), "{{ debtor.nmae }} pay now or we take your house"))

    assert "nmae" in texts(web, version)["en/email.md"]
    assert "did you mean" in act(manager, version, "submit")


def test_two_people_editing_one_text_lose_nothing(web: Web) -> None:
    first, second = web.signed_in("manager"), web.signed_in("everybody")
    version = saved(first, with_line(opened(first), "The start."))
    mine, theirs = opened(first, version=version), opened(second, version=version)
    saved(second, with_line(theirs, "Theirs."))

    conflict = first.post(EDIT, with_line(mine, "Mine."))

    assert conflict.status_code == 409
    assert "Mine." in text_in(conflict.text)
    assert "-Theirs." in conflict.text
    assert "+Mine." in conflict.text
    assert "Theirs." in texts(web, version)["en/email.md"]
    new = saved(first, with_line(mine, "Mine."), do="save_as_new")
    assert new == version + 1
    assert "Mine." in texts(web, new)["en/email.md"]
    assert "Theirs." in texts(web, version)["en/email.md"]


def test_mine_over_theirs_is_possible_once_both_were_seen(web: Web) -> None:
    first, second = web.signed_in("manager"), web.signed_in("everybody")
    version = saved(first, with_line(opened(first), "The start."))
    mine = opened(first, version=version)
    saved(second, with_line(opened(second, version=version), "Theirs."))

    assert saved(first, with_line(mine, "Mine."), do="overwrite") == version
    assert "Mine." in texts(web, version)["en/email.md"]


def test_two_people_editing_two_texts_of_one_draft_do_not_disturb_each_other(web: Web) -> None:
    first, second = web.signed_in("manager"), web.signed_in("everybody")
    version = saved(first, with_line(opened(first), "The start."))
    mail, letter = opened(first, version=version), opened(second, "en/letter.md", version)

    assert saved(second, letter | {"text": letter["text"] + "\nA line in the letter.\n"}) == version
    assert saved(first, with_line(mail, "A line in the mail.")) == version

    kept = texts(web, version)
    assert "A line in the letter." in kept["en/letter.md"]
    assert "A line in the mail." in kept["en/email.md"]


def test_a_text_outlives_the_session_it_was_typed_in(web: Web) -> None:
    manager = web.signed_in("manager")
    form = with_line(opened(manager), "Typed for <an hour> & more.")
    manager.post("/sign-out")

    ended = manager.post(EDIT, form)

    assert ended.status_code == 401
    assert "Nothing is lost" in ended.text
    assert "Typed for &lt;an hour&gt; &amp; more." in ended.text
    anew = web.signed_in("manager")
    stale = anew.client.post(EDIT, data=form | {"csrf": manager.csrf})
    assert stale.status_code == 403
    assert field(stale.text, "csrf") == anew.csrf
    assert "Typed for <an hour> & more." in texts(web, saved(anew, form))["en/email.md"]


def test_a_text_from_another_site_is_not_kept_and_a_password_is_never_shown(web: Web) -> None:
    visitor, foreign = web.visitor(), {"Sec-Fetch-Site": "cross-site"}

    assert visitor.post(EDIT, data={"text": "forged"}, headers=foreign).status_code == 303
    old = web.signed_in("manager").client.post("/account/password", data={"old": "my secret", "new": "x"})
    assert old.status_code == 403
    assert "my secret" not in old.text


def test_a_preview_without_script_keeps_the_text_and_saves_nothing(web: Web) -> None:
    manager = web.signed_in("manager")
    form = with_line(opened(manager), "Only looking.")

    answer = manager.post(EDIT, form | {"do": "preview"})

    assert answer.status_code == 200
    assert "Only looking." in text_in(answer.text)
    assert "The text alone" in answer.text
    with web.house.database.reading() as connection:
        assert template_versions.next_number(connection, NAME) == 2


def preview(web: Web, file: str, text: str, **more: str) -> Response:
    return web.signed_in("manager").post(
        f"/templates/{NAME}/preview", {"version": "1", "file": file, "text": text, **more}
    )


def test_the_live_preview_is_the_text_as_typed(web: Web) -> None:
    manager = web.signed_in("manager")
    form = with_line(opened(manager), "As typed just now.")

    piece = preview(web, **{name: form[name] for name in ("file", "text")})
    mail = manager.post(f"/templates/{NAME}/preview/email", form)

    assert "As typed just now." in piece.text
    assert "Nothing to see to" in piece.text
    assert "<html" not in piece.text
    assert "As typed just now." in mail.text
    assert "Ana Pérez" in mail.text


def test_the_preview_shows_the_other_channels_of_the_language_too(web: Web) -> None:
    manager = web.signed_in("manager")
    form = opened(manager)

    def shown(file: str, show: str, text: str = "") -> str:
        sent = form | {"file": file, "show": show} | ({"text": text} if text else {})
        return manager.post(f"/templates/{NAME}/preview", sent).text

    assert "segment" in shown("en/email.md", "sms")
    assert "Page 1 of" in shown("en/email.md", "letter")
    assert 'class="letterpress"' in shown("en/email.md", "plain")
    assert "Hola" in shown("es/email.md", "plain", texts(web, 1)["es/email.md"])
    assert "data-mail" in shown("template.yaml", "", texts(web, 1)["template.yaml"])
    assert "police" in shown(
        "en/email.md", "sms", form["text"] + "\nWe will call the police.\n"
    )  # its findings stay


def test_hard_debtors_are_offered_and_shown(web: Web) -> None:
    manager = web.signed_in("manager")
    form = opened(manager)
    for who, shows in (
        ("a name from right to left", "مريم"),
        ("a very long name", "María del Carmen"),
        ("three debts of a company", "INV-2043"),
    ):
        assert f"<option>{who}</option>" in manager.page(EDIT)
        assert shows in preview(web, form["file"], form["text"], who=who).text


def test_a_finding_stands_at_its_line_with_the_words_underlined_and_its_source(web: Web) -> None:
    form = with_line(opened(web.signed_in("manager")), "Pay or we will take you to court.")

    text = preview(web, form["file"], form["text"]).text

    line = form["text"].splitlines().index("Pay or we will take you to court.") + 1
    assert f'data-line="{line}"' in text
    assert re.search(r"<mark>[^<]*court[^<]*</mark>", text, re.IGNORECASE)
    assert "Rule <code>" in text
    assert "12 CFR 1006" in text or "House rule on fair wording" in text
    wrong = preview(web, form["file"], form["text"].replace("court", "{{ debtor.nmae }}")).text
    assert "<mark>debtor.nmae</mark>" in wrong
    assert "<strong>There is no placeholder debtor.nmae</strong>" in wrong


def test_an_sms_says_its_segments_and_what_makes_them_dear(web: Web) -> None:
    text = preview(
        web,
        "en/sms.txt",
        "Hello {{ debtor.name }}, this is {{ sender.name }}: please call {{ sender.phone }} — thank you.",
    ).text

    assert "segments" in text
    assert "UCS-2" in text
    assert "<code>—</code>" in text


def test_a_letter_is_shown_as_pictures_with_the_window(web: Web) -> None:
    form = opened(web.signed_in("manager"), "en/letter.md")

    text = preview(web, form["file"], form["text"]).text

    assert 'src="data:image/png;base64,' in text
    assert "envelope&#39;s window" in text or "envelope's window" in text


def test_the_report_renders_the_whole_portfolio_beside_the_page(web: Web) -> None:
    manager = web.signed_in("manager")
    location = manager.post(f"/templates/{NAME}/versions/1/rehearse").headers["location"]

    page = finished(manager, location)

    assert "rendered" in page
    assert re.search(r"longest SMS takes \d", page)


def finished(desk: Desk, location: str) -> str:
    """The page of a job once it has ended."""
    import time

    for _ in range(300):
        text = desk.page(location)
        if "tag-calm" not in text:
            return text
        time.sleep(0.1)  # the job runs in a thread of the site: there is nothing to wait on but its row
    raise AssertionError(text[:2000])


def test_a_test_send_goes_to_oneself_and_is_written_down(web: Web) -> None:
    manager = web.signed_in("manager")
    before = set((web.house.home / "outbox").glob("*.eml"))

    said = act(manager, 1, "test-send", file="en/email.md")

    assert "manager@acme.example" in said
    [sent] = set((web.house.home / "outbox").glob("*.eml")) - before
    assert b"manager@acme.example" in sent.read_bytes()
    assert "test sent" in web.signed_in("auditor").page("/log?event=test_sent")


def test_a_new_template_begins_from_another_and_bad_names_are_refused(web: Web) -> None:
    manager = web.signed_in("manager")

    made = manager.post("/templates/new", {"name": "gentle-note", "source": NAME})

    assert made.headers["location"].startswith("/templates/gentle-note/edit")
    assert "gentle-note" in manager.page("/templates")
    about = {"purpose": "Says: thank you", "owner": "Ana", "legal_basis": "Performance of the contract"}
    nothing = {"name": "thanks", "source": "", **about}
    assert "at least one kind of step" in manager.said(manager.post("/templates/new", nothing))
    unsaid = manager.post("/templates/new", {"name": "thanks", "kind": ["collection"]})
    assert "what it is for" in manager.said(unsaid)
    begun = manager.post("/templates/new", nothing | {"kind": ["collection", "courtesy"]})
    meta = text_in(manager.page(begun.headers["location"] + "&file=template.yaml"))
    assert "purpose: 'Says: thank you'" in meta
    assert "owner: Ana" in meta
    for bad in ("First", "a b", "../x", NAME, "", "x" * 80, "new/edit"):
        assert manager.post("/templates/new", {"name": bad, "source": ""}).status_code == 422


def head_form(desk: Desk) -> dict[str, object]:
    """The form of what is said of a template, as a browser would send it back."""
    page = desk.page(f"{EDIT}?file=template.yaml")
    form: dict[str, object] = dict(opened(desk, "template.yaml"))
    for name in ("head", "purpose", "owner", "legal_basis", "needs", "sms_segments"):
        found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
        assert found is not None, name
        form[name] = unescape(found.group(1))
    for name in ("kinds", "roles", "parties", "not_when"):
        form[name] = re.findall(rf'name="{name}" value="(\w+)" data-head\s+checked', page)
    for name in ("first_contact", "notice"):
        inside = page[page.index(f'id="{name}"') :].partition("</select>")[0]
        form[name] = "".join(re.findall(r'value="(\w*)"\s+selected', inside))
    return form


def test_what_is_said_of_an_old_template_is_edited_as_fields(web: Web) -> None:
    manager = web.signed_in("manager")
    before = texts(web, 1)["template.yaml"]

    form = head_form(manager)
    same = saved(manager, form)  # lists are sent once for each value
    changed = form | {
        "purpose": "Says: it may have slipped by",
        "not_when": ["disputed"],
        "sms_segments": "3",
    }
    after = texts(web, saved(manager, changed | {"do": "save_as_new"}))["template.yaml"]

    assert texts(web, same)["template.yaml"] == before
    meta, old = read_meta(after), read_meta(before)
    assert (meta.purpose, meta.not_when, meta.sms_segments) == (
        "Says: it may have slipped by",
        ("disputed",),
        3,
    )
    assert (meta.kinds, meta.owner, meta.first_contact) == (old.kinds, old.owner, old.first_contact)
    shown = manager.page(f"{EDIT}?file=template.yaml")
    assert "yaml</code>" not in shown
    assert '<textarea id="text" name="text" hidden>' in shown


def test_what_cannot_be_read_as_fields_is_mended_as_a_text(web: Web) -> None:
    manager = web.signed_in("manager")
    broken = opened(manager, "template.yaml") | {"text": "purpose: [unclosed"}

    version = saved(manager, broken | {"do": "save_as_new"})

    page = manager.page(f"{EDIT}?file=template.yaml&version={version}")
    assert "hidden>" not in page[page.index("<textarea") :].partition("</textarea>")[0]
    assert "purpose: [unclosed" in text_in(page)


def test_a_kind_that_is_none_stays_to_be_seen_and_taken_out(web: Web) -> None:
    manager = web.signed_in("manager")
    wrong = texts(web, 1)["template.yaml"].replace("kinds: [collection]", "kinds: [collection, nagging]")
    version = saved(manager, opened(manager, "template.yaml") | {"text": wrong, "do": "save_as_new"})

    page = manager.page(f"{EDIT}?file=template.yaml&version={version}")

    assert re.search(r'name="kinds" value="nagging" data-head\s+checked', page)
    assert "must list what the template may serve" in page


def test_the_list_of_templates_has_a_line_a_row(web: Web) -> None:
    page = web.signed_in("manager").page("/templates")
    rows = re.findall(r"<tr>(?:(?!</tr>).)*/templates/(?:(?!</tr>).)*</tr>", page, re.DOTALL)
    assert len(rows) > 20
    assert not [row for row in rows if "<br>" in row]
    assert 'class="stack lines"' in page
