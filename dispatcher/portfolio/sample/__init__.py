"""The invented portfolio of `make run`."""
