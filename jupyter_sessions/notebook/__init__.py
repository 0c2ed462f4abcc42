"""The IPython extension: magics, the kernel's attachment to a session, and notebook displays."""
