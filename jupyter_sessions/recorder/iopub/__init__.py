"""TODO jupyter_sessions/recorder/iopub."""
