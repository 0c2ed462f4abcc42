"""The magics, the kernel's attachment, and what a notebook displays."""
