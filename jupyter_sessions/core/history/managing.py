"""Which commands only manage sessions: they are recorded, but are no part of the experiment."""

from __future__ import annotations

import re

_MANAGES = re.compile(r"%(?:session|oph_\w+|(?:re)?load_ext\s+jupyter_sessions)(?:\s.*)?")
# What runs commands again is work, and shows its outputs.
_RUNS_AGAIN = re.compile(r"%session\s+replay\b|%oph_\w+\s.*\bexecute\s*=\s*y")


def manages_sessions(source: str) -> bool:
    """Tell whether a source consists of lines alone that make, show or share sessions."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return bool(lines) and all(
        _MANAGES.fullmatch(line) and not _RUNS_AGAIN.match(line) for line in lines
    )
