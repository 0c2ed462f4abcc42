"""TODO tests/server/live."""
