"""Text that was decoded with the wrong encoding somewhere on its way ("MÃ¼ller"): nobody is called that."""

import re

# UTF-8 read as Windows-1252 or Latin-1: a lead byte's character followed by a continuation byte's. Only leads are
# taken that stand for letters of whole alphabets; others occur in real words before a quotation mark (É’).
_CONTINUATION = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_TWICE = re.compile(
    f"[ÂÃÄÅ][{_CONTINUATION}]"  # Latin
    f"|(?:[ÎÏÐÑØÙ×][{_CONTINUATION}]){{2}}"  # Greek, Cyrillic, Hebrew, Arabic
    "|â€"  # quotation marks and dashes
)
_LOST = re.compile(
    "[\ufffd\u0080-\u009f\udc80-\udcff]"
)  # a decoder's own mark, control codes, bytes left as they are


def decoded_twice(text: str) -> bool:
    """Whether the text bears the marks of UTF-8 that was read as something else."""
    return not text.isascii() and _TWICE.search(text) is not None


def is_broken(text: str) -> bool:
    """Whether letters of the text were lost or changed by a wrong encoding."""
    return not text.isascii() and (_LOST.search(text) is not None or decoded_twice(text))
