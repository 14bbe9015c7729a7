"""Users, set-wise reads and writes."""
