"""What was done about debts, read set-wise."""
