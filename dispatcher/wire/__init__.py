"""The wire to a creditor's system: rows that it pushes, events that it is told."""
