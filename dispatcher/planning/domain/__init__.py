"""Planning, pure: values in, decisions out."""
