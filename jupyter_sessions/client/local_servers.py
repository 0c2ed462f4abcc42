"""The sessions servers that run as this user on this machine, as they tell of themselves."""

from __future__ import annotations

import os

import msgspec

from jupyter_sessions import paths, schemas


class RunningServer(msgspec.Struct):
    """A sessions server that runs as this user, as it told in the folder ``servers``.

    Attributes
    ----------
    url
        Its base URL.
    pid
        Its process.
    database
        The URL of the database that it serves.
    kernels
        The URL by which its own kernels reach it; empty where it runs none.
    secret
        What proves to it that one is a process of the same user.
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
    """List the sessions servers that run as this user on this machine, on whichever store."""
    running = []
    for file in sorted(paths.private("servers").glob("*.json")):
        try:
            server = msgspec.json.decode(file.read_bytes(), type=RunningServer)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        if alive(server.pid):
            running.append(server)
    return running


def shown_at(database: str) -> str | None:
    """Return the base URL of a server on this machine that shows a database, None without one.

    Of several it is one without kernels: that one was started for others to come to, and the URLs
    of sessions are what people pass around.
    """
    showing = (server for server in own_servers() if server.database == database)
    chosen = min(showing, key=lambda server: bool(server.kernels), default=None)
    return chosen.url.rstrip("/") if chosen else None


def alive(pid: int) -> bool:
    """Tell whether a process of that number runs."""
    if os.name == "nt":
        return True  # there, signal 0 is Ctrl-C: asking would end the process
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
