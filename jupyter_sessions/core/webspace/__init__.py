"""TODO jupyter_sessions/core/webspace."""
