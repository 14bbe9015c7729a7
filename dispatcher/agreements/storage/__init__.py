"""Agreements in the database."""
