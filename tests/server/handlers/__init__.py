"""TODO tests/server/handlers."""
