"""Reads the configuration into domain values, with errors that name file, line and key."""
