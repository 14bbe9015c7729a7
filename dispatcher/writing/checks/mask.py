"""Takes a message's own data out of its text, so that wording is judged by the words of the template.

Somebody may be called Sue Court, and every balance differs: with the data masked, the lines of one template are
the same for nearly all debtors, and each is judged once.
"""

from collections.abc import Iterable, Iterator

from babel import Locale
from markupsafe import escape

from dispatcher.values.bank_account import grouped
from dispatcher.values.message_id import MESSAGE_ID
from dispatcher.values.postal_address import AddressProblem, normalise_address
from dispatcher.values.sender import Sender
from dispatcher.values.whereabouts import country_code
from dispatcher.writing.checks.checked import Checked
from dispatcher.writing.checks.intent import DATA
from dispatcher.writing.checks.scan import AMOUNT, Scanner
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.language.placeholders import address_line, contact_line
from dispatcher.writing.untrusted import one_line

# Characters; a shorter word is masked only where it stands alone, lest it hide what is around it
_DISTINCT = 6


class Mask:
    """The data of one message. Amounts that are the ledger's get a mark of their own; any other amount shows."""

    def __init__(self, checked: Checked) -> None:
        inputs = checked.inputs
        own = [
            inputs.debtor.name,
            inputs.debtor.reference,
            inputs.debtor.reference_end,
            *(debt.reference for debt in inputs.asked),
            *inputs.disputed,
        ]
        known = [inputs.handover_firm, *(_printed_addresses(inputs) if checked.from_paper else ())]
        own += _alarming(known, checked.scanner)
        own += _own_of_sender(inputs.sender, inputs.debtor.country, checked.scanner)
        self._words = sorted({one_line(value) for value in own if value} - {""}, key=len, reverse=True)
        self._papers = sorted(
            {text for one in inputs.papers for text in (one.url, one_line(one.title)) if text}, key=len
        )
        self._urls = [url for url in (inputs.optout_url, inputs.payment_url) if url]
        self._amounts = checked.amounts()
        self._dates = checked.dates()
        self._from_paper = checked.from_paper

    def __call__(self, content: str, *, html: bool) -> str:
        """The content with its data masked; line breaks stay where they are."""
        if self._from_paper:  # at its foot stands the message's id, in which "9cad" is no amount in dollars
            content = MESSAGE_ID.sub(DATA, content)
        for words in reversed(self._papers):  # a title may name an amount, a court or a person
            content = content.replace(str(escape(words)) if html else words, DATA)
        for url in self._urls:
            content = content.replace(str(escape(url)) if html else url, DATA)
        for amount in self._amounts:
            content = content.replace(amount, AMOUNT)
        for day in self._dates:
            content = content.replace(day, DATA)
        for word in self._words:
            shown = str(escape(word)) if html else word
            if shown in content:
                content = without_word(content, shown)
        return content


def _alarming(values: Iterable[str], scanner: Scanner) -> list[str]:
    return [value for value in values if value and scanner.judge(value, "neutral").hits]


_OF_SENDERS: dict[tuple[int, str, int], tuple[Sender, Scanner, list[str]]] = {}
_SENDERS_KEPT = 1_000


def _own_of_sender(sender: Sender, country: str, scanner: Scanner) -> list[str]:
    """A sender's names, and what else of its own would hold a message; looked for once a sender and country.

    A name that alarms nobody may do so in a sentence: "your account with Bank of Rockville" tells no bank anything.
    """
    key = (id(sender), country, id(scanner))
    known = _OF_SENDERS.get(key)
    if known is None or known[0] is not sender or known[1] is not scanner:
        if len(_OF_SENDERS) >= _SENDERS_KEPT:
            _OF_SENDERS.clear()
        names = [sender.name, sender.legal_name, sender.creditor_name]
        own = [*names, *_alarming(_senders_own(sender, country), scanner)]
        known = _OF_SENDERS[key] = (sender, scanner, own)
    return known[2]


def _senders_own(sender: Sender, country: str) -> list[str]:
    """What the desk itself configured: a Sue Law who answers from Court Street threatens nobody."""
    bodies = (
        contact_line(body.get(country)) for body in (sender.complaints, sender.advice, sender.supervisors)
    )
    return [
        sender.contact_person,
        sender.registration,
        sender.creditor_address,
        address_line(sender),
        *(grouped(account.iban) for account in sender.bank.values()),
        *(account.holder for account in sender.bank.values()),
        *(line for line in bodies if line),
    ]


def _printed_addresses(inputs: RenderInputs) -> Iterator[str]:
    """The lines around a letter's text: behind the window, and of the sender above it."""
    for place in (inputs.debtor, inputs.sender):
        address = normalise_address(
            place.address_lines, place.postal_code, place.city, place.region, place.country
        )
        if isinstance(address, AddressProblem):
            yield from place.address_lines
        else:
            yield from (*address.lines, *address.town_lines)
        # In capitals where the letter goes abroad: HONG KONG SAR CHINA is nobody's shouting.
        yield Locale("en").territories.get(country_code(place.country), "").upper()


def without_word(content: str, word: str) -> str:
    """The content with a word masked; a short one only where no letter, digit or underscore touches it.

    A pattern for each person's words would be compiled for each message: a tenth of what all checks take.
    """
    if len(word) >= _DISTINCT:
        return content.replace(word, DATA)
    kept: list[str] = []
    done, at = 0, content.find(word)
    while at >= 0:
        end = at + len(word)
        if _is_of_a_word(content[max(at - 1, 0) : at]) or _is_of_a_word(content[end : end + 1]):
            at = content.find(word, at + 1)
            continue
        kept += (content[done:at], DATA)
        done, at = end, content.find(word, end)
    return "".join((*kept, content[done:]))


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or character == "_"
