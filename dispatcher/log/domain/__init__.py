"""Log, pure: values in, decisions out."""
