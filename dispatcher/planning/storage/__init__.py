"""Planning, set-wise reads and writes."""
