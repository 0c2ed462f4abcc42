"""Authentication: keys, logins, groups, limits on tries to log in, and the audit log."""
