"""Inbox, set-wise reads."""
