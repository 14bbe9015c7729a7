"""Delivery, set-wise reads and writes."""
