"""What is pure of it."""
