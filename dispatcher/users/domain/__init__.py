"""Users, pure: values in, decisions out."""
