"""From a due message to what became of it: second gate, intent, attempt, outcome, and what comes back."""
