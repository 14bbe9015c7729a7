"""What every page stands on: access, visits, forms, headers."""
