"""Letters: a page around the text, laid out for the envelope's window, written as a PDF."""
