"""Packs an evidence bundle."""

from pathlib import Path


def verifier_source() -> str:
    """Return the stand-alone verifier, one blank line between its parts."""
    return Path(__file__).with_name("verify_export.py").read_text().replace("\n\n\n", "\n\n")
