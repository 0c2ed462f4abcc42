"""How a value becomes a published file: a registry that others can add to."""
