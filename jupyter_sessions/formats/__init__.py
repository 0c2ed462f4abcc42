"""File formats for published values: an extensible registry and the built-in formats.

Use `write` for values, `outputs.files` for displayed outputs, and `folders.walk` for files on the
disk.
"""

from __future__ import annotations

from jupyter_sessions.formats.format import Format, Written
from jupyter_sessions.formats.registry import Content, inside, media_type, write

__all__ = ["Content", "Format", "Written", "inside", "media_type", "write"]
