"""Recording from a kernel's iopub channel: subscription, messages and the message log."""
