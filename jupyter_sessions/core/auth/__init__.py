"""TODO jupyter_sessions/core/auth."""
