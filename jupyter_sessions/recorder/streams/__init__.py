"""Capture of standard output and standard error while a command runs."""
