"""Agreements, pure: terms and facts in, schedules and states out."""
