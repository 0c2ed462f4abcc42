"""Shared experiment sessions for Jupyter.

The package's entry points are ``%load_ext jupyter_sessions`` in a notebook, the server extension
that ``jupyter lab`` and ``jupyter server`` load by themselves, ``jupyter sessions`` in a shell, and
``from jupyter_sessions import connect`` in a script. Each imports what it needs on use, so that it
does not pay for the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_sessions.client.connection import Connection, connect
    from jupyter_sessions.client.session import Session

__version__ = "0.1.0"

__all__ = ["Connection", "Session", "connect"]


def __getattr__(name: str) -> Any:
    """Import the Python API when a name of it is first used."""
    if name in {"connect", "Connection"}:
        from jupyter_sessions.client import connection

        return getattr(connection, name)
    if name == "Session":
        from jupyter_sessions.client.session import Session

        return Session
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register ``%session`` and its companions; called by ``%load_ext jupyter_sessions``."""
    from jupyter_sessions.notebook.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Stop recording and forget the attachment; called by ``%unload_ext jupyter_sessions``."""
    from jupyter_sessions.notebook.magics import unload

    unload(shell)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Return the application that jupyter_server is to load."""
    from jupyter_sessions.server.extension import SessionsExtension

    return [{"module": "jupyter_sessions", "app": SessionsExtension}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Return where the built front end is and what it is called, for JupyterLab's tools."""
    return [{"src": "labextension", "dest": "jupyter-sessions"}]
