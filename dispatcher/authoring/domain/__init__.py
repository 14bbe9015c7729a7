"""Authoring, pure values."""
