"""Calls, pure."""
