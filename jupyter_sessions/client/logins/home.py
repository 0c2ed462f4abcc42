"""The folder of the stored logins: where it is, and that nobody else looks into it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from jupyter_sessions import errors, paths

FOLDER_VARIABLE = "JUPYTER_SESSIONS_DIR"
USER_FOLDER_VARIABLE = "JUPYTER_SESSIONS_USERDIR"

#: Names of files that are no login's.
CURRENT = "current"
LAST = "last"
PRUNED = "pruned"
PIN = "here-"
ENDING = ".json"


def folder() -> Path:
    """Return the folder of the stored logins, made private to the user on first use.

    ``JUPYTER_SESSIONS_DIR`` names it, else it is ``logins`` in ``JUPYTER_SESSIONS_USERDIR``, else
    in ``sessions`` of Jupyter's data folder.

    Raises
    ------
    StoreUnusable
        When it can't be made, or others may look into it and that is not ours to change.
    """
    try:
        path = _path()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _made_private(path)
    except (OSError, RuntimeError) as error:
        raise unusable(error) from error
    return path


def unusable(error: Exception) -> errors.StoreUnusable:
    """Make the exception for a folder that can't be used."""
    return errors.StoreUnusable(
        f"The folder of the stored logins can't be used: {error}.",
        hint=f"Make your home folder writable, or name another folder in {FOLDER_VARIABLE}.",
    )


def _path() -> Path:
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    users = os.environ.get(USER_FOLDER_VARIABLE)
    if users:
        return Path(users).expanduser().absolute() / "logins"
    return paths.private("logins")


def _made_private(path: Path) -> None:
    found = path.stat()
    if os.name == "nt" or not stat.S_IMODE(found.st_mode) & 0o077:
        return
    shared = found.st_uid != os.geteuid() or found.st_mode & stat.S_ISVTX
    # A folder that has other things in it, a home for instance, is open for its own reasons.
    if shared or any(not _is_ours(entry.name) for entry in path.iterdir()):
        raise errors.StoreUnusable(
            f"Others may look into {path}, and it holds more than logins.",
            hint=f"Name a folder for logins alone in {FOLDER_VARIABLE}.",
        )
    path.chmod(0o700)


def _is_ours(name: str) -> bool:
    known = {CURRENT, LAST, PRUNED}
    return name in known or name.startswith((".", PIN)) or name.endswith(ENDING)
