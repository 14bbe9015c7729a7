"""Managers' templates: edit, review, preview, publish."""
