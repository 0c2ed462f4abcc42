"""Implement the operations: one module for each noun, with functions of an open transaction."""
