"""The session that a shell last made or resumed: what its next commands mean without ``-S``."""

from __future__ import annotations

import json
import os
from pathlib import Path

from jupyter_sessions import folders
from jupyter_sessions.client.lines import private


def _file() -> Path:
    return folders.home() / "last-session.json"


def remember(code: str, server: str | None) -> None:
    """Write down a session's code and its server, None for the user's own store."""
    file = _file()
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    with open(temporary, "w", opener=private) as opened:
        json.dump({"code": code, "server": server}, opened)
    temporary.replace(file)


def recall() -> tuple[str, str | None] | None:
    """Read what was written down; None where nothing was, or nothing that can be read."""
    try:
        noted = json.loads(_file().read_text())
        code, server = noted["code"], noted["server"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return (code, server) if isinstance(code, str) and isinstance(server, str | None) else None


def forget(code: str) -> None:
    """Forget a session, if it is the one."""
    noted = recall()
    if noted is not None and noted[0] == code:
        _file().unlink(missing_ok=True)
