"""Runs, messages, people, tasks and stops."""
