"""TODO tests/core/history."""
