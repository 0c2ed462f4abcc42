"""The implementations of the CLI commands, one module for each topic."""
