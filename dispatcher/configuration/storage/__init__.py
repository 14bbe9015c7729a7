"""Configuration, rows."""
