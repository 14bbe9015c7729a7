"""Messages, set-wise reads and writes."""
