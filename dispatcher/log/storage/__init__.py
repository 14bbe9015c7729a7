"""Log, set-wise reads and writes."""
