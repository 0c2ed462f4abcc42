"""TODO jupyter_sessions/cli/commands."""
