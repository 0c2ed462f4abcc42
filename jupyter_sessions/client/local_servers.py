"""Find the sessions servers that run as this user on this machine."""

from __future__ import annotations

import os

import msgspec

from jupyter_sessions import paths, schemas
from jupyter_sessions.client.addresses import get_host, is_loopback, same_server


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

    Session URLs are shared with others, so a server without kernels is preferred, since it was
    started for others, and then one whose address other machines can open.
    """
    return next((server.url.rstrip("/") for server in list_servers_of_database(database)), None)


def list_servers_of_database(database: str) -> list[RunningServer]:
    """List the local servers that serve a database, the one to give to others first."""
    serving = (server for server in own_servers() if server.database == database)
    return sorted(serving, key=lambda each: (bool(each.kernels), is_loopback(get_host(each.url))))


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
