"""TODO jupyter_sessions/client/outbox."""
