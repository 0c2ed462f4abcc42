"""TODO jupyter_sessions/core/sessions."""
