"""An e-mail as a telephone and a wide screen show it, light and dark."""

from dataclasses import replace
from datetime import date

import pytest

from tests.writing.desk import a_debt, inputs, rendered, shipped

# Of each cell of a table's first column, over how many lines its text goes.
LINES = """
[...document.querySelectorAll("td:first-child")].map(cell => {
  const range = document.createRange()
  range.selectNodeContents(cell)
  return range.getClientRects().length
})
"""
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def an_email(*references):
    debts = tuple(replace(a_debt(), reference=each, due_date=date(2026, 9, 23)) for each in references)
    return rendered(shipped("first-reminder"), inputs(language="es", country="MX", debts=debts)).html


@pytest.fixture(params=["light", "dark"])
def screen(browser, request):
    page = browser.new_page(color_scheme=request.param)
    yield page
    page.close()


@pytest.mark.parametrize("width", [360, 700])
def test_the_number_of_an_invoice_stays_on_one_line(screen, width):
    screen.set_viewport_size({"width": width, "height": 640})
    screen.set_content(an_email("0000000161", "0000000162", "0000000163"))
    assert screen.evaluate(LINES) == [1, 1, 1]
    assert screen.evaluate(OVER) == 0


def test_a_number_that_is_too_long_for_a_telephone_breaks_and_the_page_does_not(screen):
    screen.set_viewport_size({"width": 360, "height": 640})
    screen.set_content(an_email("2026-" + "0123456789" * 5, "0000000162"))
    assert screen.evaluate(OVER) == 0
