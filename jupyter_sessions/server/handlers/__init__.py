"""TODO jupyter_sessions/server/handlers."""
