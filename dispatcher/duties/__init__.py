"""What a law wants done within a time, each with its date and the evidence of it."""
