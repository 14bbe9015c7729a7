"""Plans, checks, sends and documents payment reminders."""

from zoneinfo import reset_tzpath

# Every zone comes from the pinned tzdata package: a system's files may be years behind, and an hour decides.
reset_tzpath(())
