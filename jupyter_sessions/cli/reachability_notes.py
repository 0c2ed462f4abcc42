"""Say, where a command gives out something for others, why they can't reach the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_sessions.cli.results import Line, Tone

if TYPE_CHECKING:
    from jupyter_sessions.client.transports.base import Transport

_NO_SERVER = (
    "No server is running on this store, so its pages have no address, and nobody else can reach "
    "its sessions.\nStart one in a shell: `jupyter sessions serve`; for other machines too: "
    "`jupyter sessions serve --ip=0.0.0.0`."
)


def find_server(transport: Transport) -> str | None:
    """Return the base URL at which others reach a transport's sessions, or None."""
    if transport.server is not None:
        return transport.server
    from jupyter_sessions.client.local_servers import find_server_of_database
    from jupyter_sessions.paths import own_database

    return find_server_of_database(own_database())


def explain_reachability(server: str | None) -> list[Line]:
    """Say why other machines can't open a server's address, and what to do about it.

    Parameters
    ----------
    server
        The server's base URL; None if no server runs.
    """
    from jupyter_sessions.client.reachability import explain_unreachable

    said = _NO_SERVER if server is None else explain_unreachable(server)
    return [Line(said, Tone.WARNING)] if said else []
