"""Plans, checks, sends and documents payment reminders."""
