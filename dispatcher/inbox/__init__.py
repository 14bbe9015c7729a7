"""What people wrote, what it seems to mean, and what a person made of it."""
