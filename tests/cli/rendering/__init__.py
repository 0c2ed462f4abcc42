"""TODO tests/cli/rendering."""
