"""The Python client: sessions over HTTP or in process, stored logins and a durable outbox."""
