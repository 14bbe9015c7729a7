"""Bring a creditor's ledger in."""
