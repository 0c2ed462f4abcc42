"""Recognize cells that must not be recorded, in every recorder."""

from __future__ import annotations

import re

from jupyter_sessions.cli.table import BY_NAME

_OFF = re.compile(r"\s*%%session\s+off\s*(\n|\Z)")
_LINE = re.compile(r"^\s*%session\s+(\S+)", re.MULTILINE)


def is_unrecorded(source: str) -> bool:
    """Tell whether a source begins with ``%%session off`` or has a command with secrets."""
    if _OFF.match(source):
        return True
    entries = (BY_NAME.get(name) for name in _LINE.findall(source))
    return any(entry is not None and entry.secret for entry in entries)
