"""TODO tests/recorder/iopub."""
