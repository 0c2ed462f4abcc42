"""A session's published files, capability URLs and scratch values."""
