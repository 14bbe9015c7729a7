"""What a person says, wishes and does, and where they are reached."""
