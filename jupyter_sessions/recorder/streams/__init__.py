"""Capture the standard streams of a process, while their text still reaches its target."""
