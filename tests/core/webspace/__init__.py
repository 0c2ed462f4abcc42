"""TODO tests/core/webspace."""
