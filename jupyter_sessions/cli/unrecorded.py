"""Recognize cells that must not be recorded, in every recorder."""

from __future__ import annotations

from jupyter_sessions.cli.table import BY_NAME
from jupyter_sessions.session_lines import list_commands, turns_recording_off


def is_unrecorded(source: str) -> bool:
    """Tell whether a source begins with ``%%session off`` or has a command with secrets."""
    if turns_recording_off(source):
        return True
    entries = (BY_NAME.get(name) for name in list_commands(source))
    return any(entry is not None and entry.secret for entry in entries)
