"""TODO jupyter_sessions/core/history."""
