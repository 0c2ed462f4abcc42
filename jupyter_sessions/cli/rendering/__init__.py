"""Rendering of command results as terminal text or notebook HTML."""
