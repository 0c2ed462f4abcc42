"""TODO tests/client/outbox."""
