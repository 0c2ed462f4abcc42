"""TODO jupyter_sessions/core/accounts."""
