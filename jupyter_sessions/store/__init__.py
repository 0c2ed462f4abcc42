"""The database, its schema and migrations, and the blobs."""
