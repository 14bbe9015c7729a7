"""Letters: the print house and Lob."""
