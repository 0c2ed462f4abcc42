"""TODO jupyter_sessions/cli/rendering."""
