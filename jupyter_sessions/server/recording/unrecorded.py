"""Which sources are never recorded; see `jupyter_sessions.cli.unrecorded`."""

from __future__ import annotations

from jupyter_sessions.cli.unrecorded import is_unrecorded

__all__ = ["is_unrecorded"]
