"""Runs, set-wise reads and writes."""
