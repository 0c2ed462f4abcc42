"""Whether a server can do its work."""

from __future__ import annotations

from jupyter_sessions.model.fields import Answer


class Health(Answer):
    """Whether the server can do its work."""

    ok: bool
    version: str
    database: str
    writable: bool
