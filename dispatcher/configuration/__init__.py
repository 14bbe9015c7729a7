"""What a desk decides by, as texts that one person drafts and another puts in force from a day."""
