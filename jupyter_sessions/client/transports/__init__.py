"""TODO jupyter_sessions/client/transports."""
