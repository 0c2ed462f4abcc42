"""Record the commands of a kernel from the messages on its iopub channel."""
