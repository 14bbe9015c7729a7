"""Seal, prove, search, export and forget: the log as evidence."""
