"""May we? Facts and rules in, a decision with its reasons out; pure."""
