"""TODO tests/core/auth."""
