"""Which sources are never recorded; see `jupyter_sessions.commands.unrecorded`."""

from __future__ import annotations

from jupyter_sessions.commands.unrecorded import is_unrecorded

__all__ = ["is_unrecorded"]
