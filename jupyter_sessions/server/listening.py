"""Bind a listening socket, or explain in one sentence why that is not possible."""

from __future__ import annotations

import errno
import socket

from tornado.netutil import bind_sockets

from jupyter_sessions import errors
from jupyter_sessions.client.local_servers import own_servers

_NOT_ALLOWED = {errno.EACCES, errno.EPERM}


def listen(ip: str, port: int) -> list[socket.socket]:
    """Bind an address and a port of this machine.

    Parameters
    ----------
    ip
        An IP address or a name; empty for all addresses.
    port
        The port; 0 for any free port.

    Raises
    ------
    BadAddress
        When the address does not belong to this machine.
    Conflict
        When another program already listens there.
    Forbidden
        When this user is not allowed to listen there.
    """
    try:
        return bind_sockets(port, ip)
    except socket.gaierror as error:
        raise errors.BadAddress(
            f"{ip!r} is not an address or name that this machine knows: {error.strerror}.",
            hint="Use an address of this machine, --ip=0.0.0.0 for all of them, or leave --ip out.",
        ) from error
    except OSError as error:
        raise _explain(error, ip, port) from error


def _explain(error: OSError, ip: str, port: int) -> errors.SessionsError:
    if error.errno == errno.EADDRINUSE:
        return errors.Conflict(
            f"Port {port} is in use{_name_holder(port)}.",
            hint="Choose another port with --port, or use --port=0 for any free port.",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return errors.BadAddress(
            f"{ip} is not an address of this machine.",
            hint="Use an address of this machine, --ip=0.0.0.0 for all of them, or leave --ip out.",
        )
    if error.errno in _NOT_ALLOWED:
        return errors.Forbidden(
            f"You are not allowed to listen on port {port}.",
            hint="Choose a port above 1023 with --port.",
        )
    return errors.BadAddress(
        f"The server can't listen on {ip}, port {port}: {error.strerror or error}.",
        hint="Choose another address with --ip, or another port with --port.",
    )


def _name_holder(port: int) -> str:
    """Name the process that listens on a port, as far as this user can see it."""
    import psutil

    try:
        connections = psutil.net_connections("tcp")
        holders = {
            found.pid
            for found in connections
            if found.status == psutil.CONN_LISTEN and found.laddr.port == port and found.pid
        }
        for server in own_servers():
            if server.pid in holders:
                return f" by your server at {server.url} (process {server.pid})"
        for pid in sorted(holders):
            return f" by {psutil.Process(pid).name()} (process {pid})"
    except (OSError, psutil.Error):  # some systems show this only to administrators
        pass
    return " by another program"
