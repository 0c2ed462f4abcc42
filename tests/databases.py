"""New databases for tests, copied from one: to make one takes fifty times as long."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from jupyter_sessions.store import engines

_NAME = "store"


@cache
def _make_database() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="jupyter-sessions-new-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    engines.open_engines(f"sqlite:///{folder / _NAME / 'sessions.db'}").dispose()
    return folder / _NAME


def copy_new_database(folder: Path) -> None:
    """Make a folder with an SQLite database that has its schema and no rows."""
    shutil.copytree(_make_database(), folder)
