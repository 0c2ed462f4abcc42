"""Where this user's sessions, blobs, logins and outbox stand on disk."""

from __future__ import annotations

from pathlib import Path


def home() -> Path:
    """Return the folder of all state on disk, made private to the user on first use."""
    from jupyter_core.paths import jupyter_data_dir

    folder = Path(jupyter_data_dir()) / "sessions"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def private(name: str) -> Path:
    """Return the folder called `name` in `home`, made private to the user on first use."""
    folder = home() / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def own_database() -> str:
    """Return the URL of the user's own store."""
    return f"sqlite:///{home() / 'sessions.db'}"
