"""TODO tests/cli/commands."""
