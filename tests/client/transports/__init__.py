"""TODO tests/client/transports."""
