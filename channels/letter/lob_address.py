"""Puts a postal address into the parts that Lob's form takes, within its lengths."""

import re
import textwrap
from collections.abc import Mapping

from channels.message import PostalAddress

LONGEST_NAME = 40
_LONGEST_LINE = {True: 64, False: 200}  # of an address in the United States, and abroad
_US = frozenset({"US", "AS", "PR", "FM", "GU", "MH", "MP", "PW", "VI"})  # posted as the United States
_US_FORMS: Mapping[str, re.Pattern[str]] = {
    "address_state": re.compile(r"[A-Za-z]{2}"),
    "address_zip": re.compile(r"\d{5}(-\d{4})?"),
}


def address_parts(address: PostalAddress) -> dict[str, str]:
    """Lob's names for the parts; empty ones are left out."""
    first, second = _lines(address)
    parts = {"name": address.name[:LONGEST_NAME], "address_line1": first, "address_line2": second}
    return {name: value for name, value in (parts | _place(address)).items() if value}


def fault_in(address: PostalAddress) -> str | None:
    """Why Lob would refuse the address, without its values, or None."""
    parts = address_parts(address)
    needed = ["name", "address_line1", "address_country"]
    if parts.get("address_country") == "US":
        needed += ["address_city", *_US_FORMS]
    if missing := [name for name in needed if name not in parts]:
        return f"no {', '.join(missing)}"
    if len(parts.get("address_line2", "")) > _LONGEST_LINE[_is_us(address)]:
        return "its lines are too long"
    if parts["address_country"] == "US":
        wrong = [name for name, form in _US_FORMS.items() if not form.fullmatch(parts[name])]
        return f"{', '.join(wrong)} is none of the United States" if wrong else None
    return None


def _is_us(address: PostalAddress) -> bool:
    return address.country.upper() in _US


def _lines(address: PostalAddress) -> tuple[str, str]:
    """The two lines; where one is too long, the words flow from the first into the second."""
    most = _LONGEST_LINE[_is_us(address)]
    both = (address.address_line_1, address.address_line_2)
    if max(map(len, both)) <= most:
        return both
    first = textwrap.wrap(", ".join(filter(None, both)), most, break_long_words=False)[0]
    return first, ", ".join(filter(None, both))[len(first) :].strip()


def _place(address: PostalAddress) -> dict[str, str]:
    """City, state and code; abroad Lob takes either the code, or city and state, never both."""
    country = address.country.upper()
    if _is_us(address):
        return {
            "address_city": address.city,
            "address_state": address.region if country == "US" else country,
            "address_zip": re.sub(r"^(\d{5})(\d{4})$", r"\1-\2", address.postal_code),
            "address_country": "US",
        }
    if not address.postal_code:
        return {"address_city": address.city, "address_state": address.region, "address_country": country}
    city = ", ".join(part for part in (address.city, address.region) if part)
    return {"address_city": city, "address_zip": address.postal_code, "address_country": country}
