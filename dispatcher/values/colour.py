"""A sender's colour: whether words in it can be read, and the nearest in which they can.

Source: WCAG 2.2, relative luminance and contrast ratio; 4.5 is what success criterion 1.4.3 asks of ordinary text.
"""

import colorsys

READABLE = 4.5
WHITE, DARK = "#ffffff", "#121212"  # what e-mails are read on


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white), of two `#rrggbb`."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def nearest_readable(colour: str, on: str) -> str:
    """The colour itself where it can be read on `on`, else the same hue as little darker or lighter as it takes."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    step = 0.01 if on == DARK else -0.01
    found = colour
    while contrast(found, on) < READABLE:  # black or white at the latest
        lightness = min(max(lightness + step, 0.0), 1.0)
        found = "#" + "".join(
            f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation)
        )
    return found


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
