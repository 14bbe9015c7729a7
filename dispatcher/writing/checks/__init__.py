"""The checks of a finished text."""
