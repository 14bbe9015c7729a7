"""Keeps secrets and addresses out of what providers' words become: reasons, notes, errors."""

LONGEST_REASON = 300


def without(text: str, *private: str) -> str:
    """The text on one line, cut to a reason's length, with each private value replaced by three dots."""
    for value in private:
        if value:
            text = text.replace(value, "...")
    # A NUL or half a surrogate would keep the end of an attempt out of the database.
    shown = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(shown.split())[:LONGEST_REASON]
