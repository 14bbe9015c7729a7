"""Pure values of this folder."""
