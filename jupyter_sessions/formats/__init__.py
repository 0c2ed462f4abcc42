"""How a value becomes a published file: a registry that others can add to.

`write` is the one entrance for values, `outputs.files` for what a command displayed, and
`folders.walk` for what already stands on the disk.
"""

from __future__ import annotations

from jupyter_sessions.formats.format import Format, Written
from jupyter_sessions.formats.registry import Content, inside, media_type, write

__all__ = ["Content", "Format", "Written", "inside", "media_type", "write"]
