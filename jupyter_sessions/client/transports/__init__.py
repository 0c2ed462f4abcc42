"""Transports that carry out operations: over HTTP and WebSockets, or in process."""
