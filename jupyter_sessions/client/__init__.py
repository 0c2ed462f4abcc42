"""Calling the operations: over HTTP or in process, with stored logins and a durable outbox."""
