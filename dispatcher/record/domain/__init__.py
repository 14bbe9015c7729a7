"""Record, pure: values in, decisions out."""
