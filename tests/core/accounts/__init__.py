"""TODO tests/core/accounts."""
