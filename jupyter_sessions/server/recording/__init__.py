"""Recording of the kernels that a Jupyter server runs.

The server keeps the attachments and manages its kernels. A separate process (`worker`) reads the
messages and stores the commands, so that no flood of outputs blocks the server.
"""
