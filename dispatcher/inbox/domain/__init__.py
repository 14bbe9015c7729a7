"""Inbox, pure: words in, proposed readings out."""
