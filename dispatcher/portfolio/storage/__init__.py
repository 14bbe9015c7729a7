"""Portfolio, set-wise reads and writes."""
