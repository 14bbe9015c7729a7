"""Record, set-wise reads and writes."""
