"""Incidents and their messages as rows."""
