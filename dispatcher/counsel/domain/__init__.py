"""A debt before the question whether counsel gets it."""
