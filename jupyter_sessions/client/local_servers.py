"""Find the sessions servers that run as this user on this machine."""

from __future__ import annotations

import os

import msgspec

from jupyter_sessions import paths, schemas
from jupyter_sessions.client.addresses import same_server


class RunningServer(msgspec.Struct):
    """A sessions server that runs as this user, as described in its file in ``servers``.

    Attributes
    ----------
    url
        Its base URL.
    pid
        Its process ID.
    database
        The URL of the database that it serves.
    kernels
        The URL by which its own kernels reach it; empty if it runs none.
    secret
        Proves to the server that a caller is a process of the same user.
    """

    url: str
    pid: int
    database: str
    kernels: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        return f"RunningServer({self.url!r}, pid={self.pid}, database={self.database!r})"


schemas.ready(RunningServer)


def own_servers() -> list[RunningServer]:
    """List the sessions servers that run as this user on this machine, on any store."""
    running = []
    for file in sorted(paths.make_private_folder("servers").glob("*.json")):
        try:
            server = msgspec.json.decode(file.read_bytes(), type=RunningServer)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        if alive(server.pid):
            running.append(server)
    return running


def find_server_of_database(database: str) -> str | None:
    """Return the base URL of a local server that serves a database, or None.

    A server without kernels is preferred: it was started for others, and session URLs are shared
    with them.
    of sessions are what people pass around.
    """
    showing = (server for server in own_servers() if server.database == database)
    chosen = min(showing, key=lambda server: bool(server.kernels), default=None)
    return chosen.url.rstrip("/") if chosen else None


def alive(pid: int) -> bool:
    """Tell whether a process with this ID runs."""
    if os.name == "nt":
        return True  # on Windows, signal 0 is Ctrl-C: checking would end the process
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def is_own(server: str) -> bool:
    """Tell whether a server on this machine shows the user's own store."""
    own = paths.own_database()
    return any(
        running.database == own and same_server(server, running.url) for running in own_servers()
    )
