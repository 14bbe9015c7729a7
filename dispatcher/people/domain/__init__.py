"""People, pure: values in, decisions out."""
