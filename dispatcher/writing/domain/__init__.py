"""Writing, pure: values in, decisions out."""
