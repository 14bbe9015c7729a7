"""What an incident is: pure."""
