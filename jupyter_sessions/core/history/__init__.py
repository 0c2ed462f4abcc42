"""The command history: recording commands, storing their outputs, and listing them."""
