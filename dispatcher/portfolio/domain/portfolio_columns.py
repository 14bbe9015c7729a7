"""Every column a portfolio may have, and how the text in it is read."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from dispatcher.values.iso_codes import COUNTRIES, CURRENCIES, MISTAKEN_COUNTRIES
from dispatcher.values.reference import normal_reference

Reader = Callable[[str], Any]

REQUIRED = ("debt_reference", "debtor_reference", "currency", "balance", "due_date")
ADDRESS_LINES = ("address_line_1", "address_line_2", "address_line_3", "address_line_4")
DATE_COLUMNS = (
    "due_date", "issued_on", "disputed_on", "settled_on", "promise_date", "time_barred_on", "notice_sent_on",
    "handover_decided_on", "cease_received_on", "bankrupt_on", "deceased_on", "breathing_space_until", "birth_date",
)  # fmt: skip
AMOUNT_COLUMNS = ("original_amount", "balance", "promise_amount")
# Read apart: a mistake in them costs the contact point, not the row.
CONTACT_COLUMNS = ("email", "phone", "email_label", "phone_label", "sms_consent_on", "email_consent_on")

# What is left aside with a warning where it cannot be read: it only makes us reach fewer people, or say less.
# Every other optional column protects somebody, or law hangs on it: there the debt is held.
LEFT_ASIDE = frozenset(
    {
        "debtor_name", "language", "postal_code", "city", "time_zone", "ledger_segment", "preferred_channel",
        "access_code", "original_amount", "promise_amount", "notice_sent_on",
    }
)  # fmt: skip
# An empty cell never ends these: they become holds that a person releases, saying why.
PROTECTIONS = {
    "cease_received_on": "cease", "bankrupt_on": "bankruptcy", "deceased_on": "deceased",
    "breathing_space_until": "breathing_space", "represented_by": "attorney", "disputed_on": "dispute",
}  # fmt: skip
# An empty cell says nothing of these either; another value does.
KEPT_WHEN_EMPTY = frozenset(
    {
        "authorised_channels", "promise_date", "promise_amount", "settled_on", "time_barred_on", "sender_role",
        "handover_decided_on", "country", "debtor_kind", "birth_date",
    }
)  # fmt: skip
MAY_END_WHEN_EMPTY = frozenset(PROTECTIONS) | KEPT_WHEN_EMPTY  # a mapping may say so: empty_ends

_SENDER_ROLES = {
    "originalcreditor": "original_creditor",
    "thirdparty": "third_party",
    "thirdpartycollector": "third_party",
    "debtbuyer": "debt_buyer",
    "lawfirm": "law_firm",
}
_CHANNELS = {
    "email": "email", "sms": "sms", "text": "sms", "letter": "letter", "call": "call", "voicemail": "voicemail",
    "instantmessage": "instant_message", "social": "social",
}  # fmt: skip
_LABELS = {
    "home": "home",
    "private": "home",
    "mobile": "mobile",
    "cell": "mobile",
    "work": "work",
    "office": "work",
    "business": "work",
}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_LIST = re.compile(r"\s*[;|,]\s*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def plain_name(name: str) -> str:
    """A column's name without case, spaces, `_` and `-`: how headers are compared."""
    return name.strip().lower().replace("_", "").replace("-", "").replace(" ", "").replace("\u00a0", "")


def extra_name(header: str) -> str:
    """The name by which templates reach a column of the file that is none of ours (`debt.extra.NAME`)."""
    name = re.sub(r"\W+", "_", header.strip()).strip("_")
    return name if not name[:1].isdigit() else f"_{name}"


def text_up_to(limit: int) -> Reader:
    """Plain text on one line."""

    def read(text: str) -> str:
        line = text.strip() if text.isprintable() else _CONTROL.sub(" ", text).strip()
        if len(line) > limit:
            raise ValueError(f"longer than {limit} characters: is a quotation mark missing further up?")
        return line

    return read


@lru_cache(maxsize=512)
def creditor_key(text: str) -> str:
    """A creditor's key, which stands before the slash in `creditor/reference`."""
    if "/" in text or len(text) > 100:
        raise ValueError("a creditor's key has up to 100 characters and no slash")
    return normal_reference(text)


@lru_cache(maxsize=512)
def country_code(text: str) -> str:
    """ISO 3166-1 alpha-2."""
    code = text.upper()
    if code not in COUNTRIES:
        meant = MISTAKEN_COUNTRIES.get(code)
        hint = f"did you mean {meant}?" if meant else "map names and numbers with a lookup table"
        raise ValueError(f"not a country code of two letters (ISO 3166-1 alpha-2): {hint}")
    return code


@lru_cache(maxsize=512)
def region_code(text: str) -> str:
    """The part of an ISO 3166-2 code after the country (`CA` of `US-CA`)."""
    code = text.upper()
    code = code[3:] if re.match(r"[A-Z]{2}-", code) else code
    if not re.fullmatch(r"[A-Z0-9]{1,3}", code):
        raise ValueError(
            "not a region's code (the part of ISO 3166-2 after the country, such as CA): map names with a lookup table"
        )
    return code


@lru_cache(maxsize=512)
def currency_code(text: str) -> str:
    """ISO 4217."""
    code = text.upper()
    if code not in CURRENCIES:
        raise ValueError("not a currency code of three letters (ISO 4217), such as USD")
    return code


def zone_name(text: str) -> str:
    """A zone's name; whether there is one, and where, is seen beside the address."""
    if len(text) > 64 or _CONTROL.search(text):
        raise ValueError("not a time zone (IANA name, such as America/Bogota)")
    return text


@lru_cache(maxsize=512)
def language_tag(text: str) -> str:
    """A language, with its country where that matters: `es`, `es-MX`."""
    tag = text.strip().lower().replace("_", "-")
    if len(tag) > 20 or not _LANGUAGE.fullmatch(tag):
        raise ValueError("not a language code, such as en, es or es-MX")
    language, *rest = tag.split("-")
    return "-".join([language, *(part.upper() if len(part) == 2 else part.title() for part in rest)])


def one_of(*words: str) -> Reader:
    """One of some words, compared without case."""

    def read(text: str) -> str:
        word = text.lower()
        if word not in words:
            raise ValueError(f"must be one of: {', '.join(words)}")
        return word

    return read


@lru_cache(maxsize=512)
def sender_role(text: str) -> str:
    """Who the creditor is to the debtor, in the law's eyes."""
    try:
        return _SENDER_ROLES[plain_name(text)]
    except KeyError:
        raise ValueError("must be one of: original_creditor, third_party, debt_buyer, law_firm") from None


@lru_cache(maxsize=512)
def channel(text: str) -> str:
    """A channel by which a message can go."""
    word = _CHANNELS.get(plain_name(text), "")
    if word not in {"email", "sms", "letter"}:
        raise ValueError("must be one of: email, sms, letter")
    return word


# Other words for "none at all": read as such, since what is not understood must not free a channel.
_NO_CHANNEL = frozenset(
    """
    none [] no nil nothing nochannel nochannels notauthorised notauthorized noneauthorised noneauthorized
    ninguno ninguna ningún ningun aucun aucune nenhum nenhuma keine keiner nessuno geen
    """.split()  # noqa: SIM905 a table that a person can read
)


@lru_cache(maxsize=512)
def channels(text: str) -> tuple[str, ...]:
    """A list of channels; `none` says that no channel is authorised."""
    if plain_name(text) in _NO_CHANNEL:
        return ()
    words = [_CHANNELS.get(plain_name(part)) for part in re.split(r"[;|,\s]+", text) if part]
    if None in words:
        raise ValueError(
            f"must be a list of {', '.join(dict.fromkeys(_CHANNELS.values()))}, parted by ; or the word none"
        )
    return tuple(sorted({word for word in words if word}))


@lru_cache(maxsize=512)
def label(text: str) -> str:
    """Where a phone rings or a mailbox is read."""
    try:
        return _LABELS[plain_name(text)]
    except KeyError:
        raise ValueError("must be one of: home, mobile, work") from None


def references(text: str) -> tuple[str, ...]:
    """References parted by `;`, `|` or `,`."""
    return tuple(dict.fromkeys(normal_reference(part) for part in _LIST.split(text) if part))


@lru_cache(maxsize=512)
def debt_type(text: str) -> str:
    """A debt's type in lower case; one that no pack knows counts as a consumer's."""
    word = "_".join(text.lower().split())
    if len(word) > 30:
        raise ValueError("a debt's type is one word, such as consumer or commercial")
    return normal_reference(word)


DEBTOR_READERS: Mapping[str, Reader] = {
    "creditor": creditor_key,
    "debtor_reference": normal_reference,
    "debtor_name": text_up_to(500),
    "debtor_kind": one_of("person", "company"),
    "language": language_tag,
    "country": country_code,
    "region": region_code,
    "postal_code": text_up_to(20),
    "city": text_up_to(200),
    "time_zone": zone_name,
    "ledger_segment": text_up_to(100),
    "preferred_channel": channel,
    "authorised_channels": channels,
    "represented_by": text_up_to(500),
    "access_code": text_up_to(100),
}
DEBT_READERS: Mapping[str, Reader] = {
    "debt_reference": normal_reference,
    "currency": currency_code,
    "sender_role": sender_role,
    "debt_type": debt_type,
    "joint_debtors": references,
    "guarantors": references,
}
DEBTOR_DATES = ("cease_received_on", "bankrupt_on", "deceased_on", "breathing_space_until", "birth_date")
DEBT_DATES = tuple(name for name in DATE_COLUMNS if name not in DEBTOR_DATES)

DEBTOR_COLUMNS = frozenset({*DEBTOR_READERS, *DEBTOR_DATES, *ADDRESS_LINES, *CONTACT_COLUMNS})
DEBT_COLUMNS = frozenset({*DEBT_READERS, *DEBT_DATES, *AMOUNT_COLUMNS})
LEDGER_DAY = "ledger_as_of"  # of the file as a whole: the same in every row
COLUMNS = DEBTOR_COLUMNS | DEBT_COLUMNS | {LEDGER_DAY}
BY_PLAIN_NAME = {plain_name(name): name for name in COLUMNS} | {"segment": "ledger_segment"}
