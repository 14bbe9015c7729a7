"""Reads a sender's logo and refuses what would make every e-mail heavy or what mail programs do not show."""

import hashlib
from pathlib import Path

from PIL import Image

from dispatcher.values.logo import Logo, encoded

HEAVIEST = 40_000  # bytes of the file: it travels in every e-mail
_MOST_PIXELS = 1200  # of the longer side
_SHOWN_HEIGHT, _SHOWN_WIDTH = 48, 240  # px, at most
_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}  # SVG and WebP are not shown by many mail programs


class LogoError(ValueError):
    """The file cannot be a logo; the text says why and what to do."""


def read_logo(path: Path) -> Logo:
    """The logo in a file; raises LogoError."""
    try:
        file = path.read_bytes()
        with Image.open(path) as image:
            image.verify()
            form, (width, height) = image.format or "", image.size
    except OSError as error:  # Pillow's own errors are OSErrors too
        raise LogoError(f"{path} cannot be read as a picture: {error}") from None
    except (SyntaxError, ValueError, Image.DecompressionBombError) as error:  # a broken PNG, a bomb
        raise LogoError(f"{path} is a broken picture: {error}") from None
    if form not in _TYPES:
        raise LogoError(f"{path} is {form or 'no picture'}: mail programs show PNG and JPEG everywhere")
    if len(file) > HEAVIEST:
        raise LogoError(
            f"{path} has {len(file):,} bytes, and every e-mail carries it: {HEAVIEST:,} are the limit, make it smaller"
        )
    if max(width, height) > _MOST_PIXELS:
        raise LogoError(
            f"{path} is {width} by {height} pixels: at most {_MOST_PIXELS} on a side, it is shown small"
        )
    scale = min(_SHOWN_HEIGHT / height, _SHOWN_WIDTH / width, 1)
    return Logo(
        sha256=hashlib.sha256(file).hexdigest(),
        media_type=_TYPES[form],
        width=max(round(width * scale), 1),
        height=max(round(height * scale), 1),
        encoded=encoded(file),
    )
