"""Persistent storage: the database, its schema and migrations, and the blobs."""
