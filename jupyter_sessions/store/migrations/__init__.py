"""Migrations of the database schema: Alembic's environment and the schema's versions."""
