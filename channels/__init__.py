"""Speaks to providers of e-mail, SMS and letters; knows nothing of debts."""
