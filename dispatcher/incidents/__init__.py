"""When something went out wrong: stop it, find all whom it reached, put it right, and be able to show all of it."""
