"""Determine the address under which others reach the sessions of a Jupyter server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jupyter_sessions import api, schemas
from jupyter_sessions.client.addresses import get_host, is_loopback
from jupyter_sessions.client.local_servers import list_servers_of_database
from jupyter_sessions.client.reachability import explain_unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_sessions.core.types import Credentials, Use


class SharedAddress:
    """Finds the address to send to a colleague: a Jupyter server's own is often local.

    Parameters
    ----------
    database
        The URL of the store's database.
    own_url
        The base URL of the Jupyter server for other machines.
    """

    def __init__(self, database: str, own_url: str) -> None:
        self._database = database
        self._own_url = own_url
        self.uses: Mapping[str, Use] = {api.SHOW_ADDRESS.name: self._show}

    async def _show(
        self, request: schemas.Nothing, credentials: Credentials, server_url: str
    ) -> schemas.ServerAddress:
        del request, credentials
        return await asyncio.to_thread(self.find, server_url)

    def find(self, server_url: str) -> schemas.ServerAddress:
        """Return the address of a server that was started for others, or else the server's own.

        Parameters
        ----------
        server_url
            The base URL under which the caller reaches the Jupyter server.
        """
        started = list_servers_of_database(self._database)
        urls = [each.url.rstrip("/") for each in started if not each.kernels]
        if not urls:
            # Behind a proxy, only the caller knows the address; on this machine, only the server
            # does.
            urls = [self._own_url if is_loopback(get_host(server_url)) else server_url]
        return schemas.ServerAddress(url=urls[0], problem=explain_unreachable(urls[0]))
