"""``jupyter sessions serve``: a Jupyter server with nothing in it but the sessions."""

from __future__ import annotations

import gc
import logging
import signal
from typing import Any

from jupyter_server import serverapp
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.serverapp import ServerApp
from tornado import web
from tornado.httputil import HTTPHeaders
from traitlets import Bool, Dict, Int, Type, Unicode, default

from jupyter_sessions.server.extension import SessionsExtension

_DEFAULT_PORT = 8765
_HEADERS_WITHIN = 30.0  # seconds, which is also how long a connection is kept unused
_BODY_WITHIN = 120.0
_COLLECTED_AFTER = 700  # objects, as CPython does until told otherwise
_FORM = 1 << 20  # bytes


_FLAGS: dict[str, Any] = {
    "debug": serverapp.flags["debug"],
    "log-json": (
        {"SessionsServerApp": {"log_json": True}},
        "Write the log as one JSON object a line.",
    ),
}
_ALIASES: dict[str, Any] = {
    **{name: serverapp.aliases[name] for name in ("config", "ip", "port", "keyfile", "certfile")},
    "base-url": "ServerApp.base_url",
    "database": "SessionsExtension.database",
    "blobs": "SessionsExtension.blobs",
    "public-url": "SessionsExtension.public_url",
}


class SessionsAlone(IdentityProvider):
    """Vouches for nobody: who comes to a sessions server has a sessions account."""

    @default("token")
    def _default_token(self) -> str:
        return ""

    @property
    def auth_enabled(self) -> bool:
        """Access is always checked."""
        return True

    @property
    def login_available(self) -> bool:
        """The login form is the sessions' own."""
        return False

    def get_user(self, handler: web.RequestHandler) -> User | None:  # noqa: ARG002  # nobody's
        """Return nobody."""
        return None

    def get_handlers(self) -> list[tuple[str, object]]:
        """Add no login pages."""
        return []


class NothingElse(Authorizer):
    """Lets nobody do anything of Jupyter's own; the sessions' roles are for the dispatcher."""

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:  # noqa: ARG002  # nobody, ever
        """Say no."""
        return False


class NoServerHeader(web.OutputTransform):
    """Takes out of every answer, errors of Tornado's own too, what the server is made of."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Drop the header."""
        headers.pop("Server", None)
        return super().transform_first_chunk(status_code, headers, chunk, finishing)


class SessionsServerApp(ServerApp):
    """A Jupyter server without kernels, contents and terminals."""

    name = "jupyter-sessions-serve"
    description = "Serve this user's sessions to their members."
    default_services = ()  # type: ignore[assignment]  # fewer than the thirteen of the base
    identity_provider_class = Type(
        default_value=SessionsAlone, klass=IdentityProvider, config=True, help="Who people are."
    )
    authorizer_class = Type(
        default_value=NothingElse, klass=Authorizer, config=True, help="Who may do what else."
    )
    default_url = Unicode("/sessions/", config=True, help="What the server's root leads to.")
    # Refused by default because of kernels, of which there are none here.
    allow_root = Bool(True, config=True, help="Let root run the server.")
    port = Int(_DEFAULT_PORT, config=True, help="The port to listen on.")
    max_body_size = Int(_FORM, config=True, help="How large a form may be; the API has its own.")
    flags = Dict(_FLAGS)
    aliases = Dict(_ALIASES)
    # There is nothing here that one could lose: what was accepted is on disk.
    answer_yes = Bool(True, config=True, help="Let Ctrl-C end the server without a question.")
    log_json = Bool(False, config=True, help="Write the log as one JSON object a line.")

    def init_logging(self) -> None:
        """Write JSON where asked."""
        super().init_logging()
        if self.log_json:
            from pythonjsonlogger.json import JsonFormatter

            fields = "%(asctime)s %(levelname)s %(name)s %(message)s"
            loggers = [
                self.log,
                logging.getLogger("tornado"),
                logging.getLogger("jupyter_sessions"),
            ]
            for handler in (handler for logger in loggers for handler in logger.handlers):
                handler.setFormatter(JsonFormatter(fields))

    def running_server_info(self, kernel_count: bool = True) -> str:  # noqa: ARG002  # there are none
        """Say where the sessions are."""
        return f"The sessions are at:\n{self.display_url}"

    def init_webapp(self) -> None:
        """Answer nothing that tells what the server is made of."""
        super().init_webapp()
        self.web_app.add_transform(NoServerHeader)

    def init_httpserver(self) -> None:
        """Cut off those who open a request and never finish it."""
        super().init_httpserver()
        self.http_server.conn_params.header_timeout = _HEADERS_WITHIN
        self.http_server.conn_params.body_timeout = _BODY_WITHIN

    def init_signal(self) -> None:
        """Take Ctrl-C as any other request to stop, with a terminal or without one."""
        super().init_signal()
        # Without a terminal it would be a KeyboardInterrupt, which ends the event loop at once.
        signal.signal(signal.SIGINT, self._signal_stop)

    def stop(self, from_signal: bool = False) -> None:
        """Take no more connections; the extension answers what is open before the server ends.

        Asked a second time, it ends at once.
        """
        if not from_signal:
            super().stop()
        elif self._stopping:
            self.io_loop.add_callback_from_signal(self.web_app.settings["jupyter_sessions"].hurry)
        else:
            self._stopping = True
            # A signal's handler, or a thread, must not touch what the event loop works with.
            self.io_loop.add_callback_from_signal(super().stop)


class ServedSessions(SessionsExtension):
    """The sessions as an application of their own."""

    serverapp_class = SessionsServerApp
    description = "Serve this user's sessions to their members."
    flags = _FLAGS
    aliases = _ALIASES
    default_url = "/sessions/"
    closes_connections = True

    @classmethod
    def get_extension_package(cls) -> str:
        """Return the package that the extension is linked under."""
        return "jupyter_sessions"


def main(argv: list[str] | None = None, **config: Any) -> None:
    """Serve until told to stop."""
    # A command is over before its waste counts, and puts collecting off; a server lives on.
    gc.set_threshold(_COLLECTED_AFTER)
    ServedSessions.launch_instance(argv or [], **config)  # type: ignore[no-untyped-call]  # theirs
