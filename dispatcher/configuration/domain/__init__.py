"""Configuration, pure values."""
