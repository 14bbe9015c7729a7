"""The inbox in the browser: the words marked, one form that answers, nothing that an auditor can change."""

from dispatcher.people.record_contact import record_contact
from dispatcher.people.recording import Said
from tests.web.house import Web


def hears(web: Web, text: str) -> str:
    """A debtor of the sample writes; the address of the item."""
    house = web.house
    with house.database.reading() as connection:
        from sqlalchemy import select

        from dispatcher.database.tables.portfolio import debtors

        reference = connection.scalars(select(debtors.c.reference).order_by(debtors.c.id)).first()
    said = Said(now=house.now(), actor="test", source="test")
    record_contact(
        house.database,
        f"acme/{reference}",
        "email",
        said,
        read=house.read_reply,
        direction="inbound",
        details={"text": text},
    )
    return str(reference)


def test_words_are_listed_with_those_marked_that_led_to_the_reading(web: Web) -> None:
    hears(web, "Hello <b>you</b>, I dispute this debt.")
    page = web.signed_in("operator").page("/inbox")
    assert "<mark>I dispute this debt</mark>" in page
    assert "Hello &lt;b&gt;you&lt;/b&gt;" in page
    assert "after the" in page or "by email" in page


def test_an_operator_confirms_and_takes_back_and_an_auditor_only_reads(web: Web) -> None:
    hears(web, "my mother passed away")
    desk, auditor = web.signed_in("operator"), web.signed_in("auditor")
    address = "/inbox/1"
    assert 'value="confirm"' in desk.page(address)
    assert 'value="confirm"' not in auditor.page(address)
    assert "confirm it a second time" in desk.said(
        desk.post(address, {"do": "confirm", "reading": "deceased"})
    )
    assert "Read as deceased" in desk.said(
        desk.post(address, {"do": "confirm", "reading": "deceased", "sure": "yes"})
    )
    assert "Everything has been read" in desk.page("/inbox")
    assert "read as deceased" in desk.page("/inbox?done=yes")
    assert "wait to be read again" in desk.said(
        desk.post(address, {"do": "undo", "why": "it was the neighbour"})
    )
    assert "<mark>mother passed away</mark>" in desk.page("/inbox")


def test_words_are_dismissed_with_a_reason_and_a_number_that_is_none_is_not_there(web: Web) -> None:
    hears(web, "thank you")
    desk = web.signed_in("operator")
    assert "Say why" in desk.said(desk.post("/inbox/1", {"do": "dismiss"}))
    assert "Dismissed" in desk.said(desk.post("/inbox/1", {"do": "dismiss", "why": "says thanks"}))
    assert desk.get("/inbox/99").status_code == 404
    assert desk.get("/inbox/none").status_code == 404
