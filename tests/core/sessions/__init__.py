"""TODO tests/core/sessions."""
