"""The debtors' own page."""
