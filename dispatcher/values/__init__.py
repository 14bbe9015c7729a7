"""Values that every folder speaks in: money, zones, telephone numbers; pure."""
