"""Ports for servers that tests start."""

from __future__ import annotations

import socket
from collections import deque

#: Sockets that hold ports for us: as many as there may be servers at a time, and those just ended.
_held: deque[socket.socket] = deque(maxlen=64)


def free_port() -> int:
    """Return a port that nobody listens on, and that the system gives to nobody else.

    A port that was only looked at can be taken by any program before the server has started, or
    while it restarts. A socket that is bound and does not listen holds it: servers bind it as well,
    since both allow the address to be reused, and who connects meanwhile is refused.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    if len(_held) == _held.maxlen:
        _held[0].close()
    _held.append(holder)
    port: int = holder.getsockname()[1]
    return port
