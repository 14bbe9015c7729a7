"""Electronic addresses in their one form: how they are written, and how two of them are compared."""

from dispatcher.values.email_address import normal_email


def address_key(address: str) -> str:
    """A written address as it is compared: no provider of today tells ANA@ from ana@. Numbers stay as they are.

    Storage compares by `lower(address)`: the same, since written addresses are ASCII.
    """
    return address.strip().lower()


def written_address(raw: str) -> str:
    """An address as providers and old rows give it, in the form that we keep; what is none stays as it is.

    Twilio still names Mexican mobiles +52 1 and ten digits: without this, nobody would be found behind them.
    """
    text = raw.strip()
    if "@" in text:
        try:
            return normal_email(text)
        except ValueError:
            return text
    # The numbering plan is much to import, and whoever only compares addresses needs none of it.
    from dispatcher.values.phone import PhoneProblem, to_e164

    number = to_e164(text, None)
    return text if isinstance(number, PhoneProblem) else number
