"""Practising, pure values."""
