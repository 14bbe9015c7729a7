"""Text as a CSS string that nothing in it can leave."""


def css_string(text: str) -> str:
    """A quoted CSS string; every character but ASCII letters and digits is written as its number."""
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text) + '"'
