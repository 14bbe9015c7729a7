"""The day: run, guards, schedules, replay and summary."""
