"""SMS: Twilio, and how a text is counted."""
