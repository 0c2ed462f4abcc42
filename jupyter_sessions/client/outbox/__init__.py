"""The durable outbox: commands are journaled on disk and delivered exactly once."""
