"""A server extension with nothing in it but a GET: what one request costs in a Jupyter server."""

from __future__ import annotations

import json

from jupyter_server.base.handlers import APIHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado import web

PATH = "/bare"
_ANSWER = json.dumps({"text": "x" * 1_011}).encode()


class BareHandler(APIHandler):
    """Answers with a kilobyte of JSON to whoever is logged in."""

    @web.authenticated
    def get(self) -> None:
        """Answer."""
        self.finish(_ANSWER)


def _load_jupyter_server_extension(app: ServerApp) -> None:
    app.web_app.add_handlers(".*$", [(url_path_join(app.base_url, PATH), BareHandler)])
