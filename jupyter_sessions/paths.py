"""Locate the user's sessions, blobs, logins and outbox on disk."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_sessions.errors import StoreUnusable

#: With these variables an administrator's shell uses the same store as the server.
DATABASE_VARIABLE = "JUPYTER_SESSIONS_DATABASE"
BLOBS_VARIABLE = "JUPYTER_SESSIONS_BLOBS"


def home() -> Path:
    """Return the folder for all state on disk. It is created private to the user on first use.

    Raises
    ------
    StoreUnusable
        If the folder can't be created or written.
    """
    from jupyter_core.paths import jupyter_data_dir

    try:
        folder = Path(jupyter_data_dir()) / "sessions"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise StoreUnusable(
            f"The folder for your sessions and logins can't be used: {error}",
            hint="Set HOME to a folder that you can write to, or set "
            "JUPYTER_DATA_DIR to another one.",
        ) from error
    return folder


def make_private_folder(name: str) -> Path:
    """Return the folder `name` in `home`. It is created private to the user on first use."""
    folder = home() / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def own_database() -> str:
    """Return the URL of the user's own store: `DATABASE_VARIABLE`, or a file in `home`."""
    return os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{home() / 'sessions.db'}"


def own_blobs() -> str:
    """Return the folder of the own store's blobs: `BLOBS_VARIABLE`, or a folder in `home`."""
    return os.environ.get(BLOBS_VARIABLE) or str(make_private_folder("blobs"))
