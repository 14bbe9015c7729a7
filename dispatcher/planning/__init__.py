"""Who is due for which step today, and why not the others."""
