"""Takes a message's own data out of its text, so that wording is judged by the words of the template.

Somebody may be called Sue Court, and every balance differs: with the data masked, the lines of one template are
the same for nearly all debtors, and each is judged once.
"""

import re

from markupsafe import escape

from dispatcher.rendering.checked import Checked
from dispatcher.rendering.scan import AMOUNT, DATA
from dispatcher.rendering.untrusted import one_line

_DISTINCT = (
    6  # characters; a shorter word is masked only where it stands alone, lest it hide what is around it
)


class Mask:
    """The data of one message. Amounts that are the ledger's get a mark of their own; any other amount shows."""

    def __init__(self, checked: Checked) -> None:
        inputs, sender = checked.inputs, checked.inputs.sender
        names = (sender.name, sender.legal_name, sender.creditor_name, inputs.handover_firm)
        own = [inputs.debtor.name, inputs.debtor.reference, *(debt.reference for debt in inputs.debts)]
        own += [name for name in names if name and checked.scanner.judge(name, "neutral").hits]
        self._words = sorted({one_line(value) for value in own if value}, key=len, reverse=True)
        self._urls = [url for url in (inputs.optout_url, inputs.payment_url) if url]
        self._amounts = checked.amounts()
        self._dates = checked.dates()

    def __call__(self, content: str, *, html: bool) -> str:
        """The content with its data masked; line breaks stay where they are."""
        for url in self._urls:
            content = content.replace(str(escape(url)) if html else url, DATA)
        for amount in self._amounts:
            content = content.replace(amount, AMOUNT)
        for day in self._dates:
            content = content.replace(day, DATA)
        for word in self._words:
            shown = str(escape(word)) if html else word
            if shown in content:
                content = _without(content, shown)
        return content


def _without(content: str, word: str) -> str:
    if len(word) >= _DISTINCT:
        return content.replace(word, DATA)
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", DATA, content)
