"""Practising, rows."""
