"""The command table behind both `jupyter sessions` and `%session`."""
