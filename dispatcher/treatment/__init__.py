"""Which treatment fits a debt, and what each step brought in."""
