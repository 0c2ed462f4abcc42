"""Accounts, users, passwords and second factors."""
