"""Recording of the kernels that a Jupyter server runs.

The server keeps the attachments and knows its kernels; the messages are read, and the commands
stored, by a process of their own (`child`), so that no flood of outputs holds up the server.
"""
