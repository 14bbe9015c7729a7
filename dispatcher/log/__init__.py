"""The delivery log: one entry an event, append-only."""
