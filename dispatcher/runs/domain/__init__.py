"""Runs, pure: values in, decisions out."""
