"""Webhooks and probes."""
