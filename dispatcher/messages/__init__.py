"""The outbox: a message, its state and its exact bytes."""
