"""Messages, pure: values in, decisions out."""
