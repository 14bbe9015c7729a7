"""People, set-wise reads and writes."""
