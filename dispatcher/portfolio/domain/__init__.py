"""Portfolio, pure: values in, decisions out."""
