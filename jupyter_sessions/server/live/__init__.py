"""TODO jupyter_sessions/server/live."""
