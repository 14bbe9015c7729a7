"""What the program does, one verb a file; ports come in as arguments."""
