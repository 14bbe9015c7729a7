"""The API under /api/v1: JSON, plural nouns, cursors, problems in RFC 9457's form."""
