"""TODO jupyter_sessions/recorder/streams."""
