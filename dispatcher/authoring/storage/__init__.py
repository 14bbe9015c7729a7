"""Authoring, set-wise reads and writes."""
