"""Live updates: event feeds for followers and their presence in the store."""
