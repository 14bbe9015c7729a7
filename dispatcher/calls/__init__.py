"""Calls as work for people: who may be called now, what to say first, what it came to."""
