"""Run a standalone sessions server (``jupyter sessions serve``)."""

from __future__ import annotations

import gc
import logging
import re
import signal
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from jupyter_server import serverapp
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.serverapp import ServerApp
from tornado import web
from tornado.httputil import HTTPHeaders
from tornado.netutil import ssl_options_to_context
from traitlets import Bool, Dict, Int, TraitError, Type, Unicode, default, validate
from traitlets.config.configurable import Configurable
from traitlets.config.loader import ArgumentError, Config, KVArgParseConfigLoader

from jupyter_sessions import errors
from jupyter_sessions.client.reachability import explain_plain_http, explain_unreachable
from jupyter_sessions.server.access_log import skip_unlogged
from jupyter_sessions.server.extension import SessionsExtension, find_own_url
from jupyter_sessions.server.listening import listen

_DEFAULT_PORT = 8765
_HEADERS_WITHIN = 30.0  # seconds, which is also how long a connection is kept unused
_BODY_WITHIN = 120.0
_COLLECTED_AFTER = 700  # objects; CPython's default
_FORM = 1 << 20  # bytes


_FLAGS: dict[str, Any] = {
    "debug": serverapp.flags["debug"],
    "log-json": (
        {"SessionsServerApp": {"log_json": True}},
        "Write the log as one JSON object a line.",
    ),
}
_ALIASES: dict[str, Any] = {
    **{name: serverapp.aliases[name] for name in ("config", "keyfile", "certfile")},
    "ip": "SessionsServerApp.ip",
    "port": "SessionsServerApp.port",
    "base-url": "ServerApp.base_url",
    "database": "SessionsExtension.database",
    "blobs": "SessionsExtension.blobs",
    "public-url": "SessionsExtension.public_url",
}


class SessionsAlone(IdentityProvider):
    """Identity provider that recognizes nobody: a sessions server has its own accounts."""

    @default("token")
    def _default_token(self) -> str:
        return ""

    @property
    def auth_enabled(self) -> bool:
        """Access is always checked."""
        return True

    @property
    def login_available(self) -> bool:
        """Jupyter's login form is not used; the sessions have their own."""
        return False

    def get_user(self, handler: web.RequestHandler) -> User | None:  # noqa: ARG002  # nobody's
        """Return None: Jupyter itself knows no users here."""
        return None

    def get_handlers(self) -> list[tuple[str, object]]:
        """Add no login pages."""
        return []


class NothingElse(Authorizer):
    """Authorizer that denies all of Jupyter's own actions; the dispatcher checks session roles."""

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:  # noqa: ARG002  # nobody, ever
        """Return False."""
        return False


class NoServerHeader(web.OutputTransform):
    """Remove the ``Server`` header from every response, including Tornado's own errors."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Drop the header."""
        headers.pop("Server", None)
        return super().transform_first_chunk(status_code, headers, chunk, finishing)


_SEE_HELP = "`jupyter sessions serve --help` shows the options."
_LARGEST_PORT = 65_535
#: The classes whose options people mean by a name that no class has.
_CONFIGURED = ("SessionsExtension", "SessionsServerApp")

#: Log messages of jupyter_server that mean nothing to the operator of a sessions server.
_UNLOGGED = re.compile(
    r"Bad config encountered|.*extension was successfully|.*without loading other extensions"
    r"|Use Control-C to stop|\s*To access the server|Shutting down \d+ extension"
)


def _is_logged(record: logging.LogRecord) -> bool:
    return not _UNLOGGED.match(record.getMessage())


# The wording of argparse and traitlets, whose errors are only text.
_NO_VALUE = re.compile(r"argument (\S+): expected one argument")
_UNWANTED_VALUE = re.compile(r"argument (\S+): ignored explicit argument .*")
_WRONG_TYPE = re.compile(
    r"The '(\w+)' trait of an? (\w+) instance expected (.+), not the \w+ (.+?)\.?"
)
_SEVERAL_VALUES = re.compile(r"Error loading argument (\S+?)=.* only accepts one value, .*")
_WRONG_VALUE = re.compile(r"Error loading argument (\S+?)=(.*?), .*")
_TYPES = {"an int": "a whole number", "a float": "a number", "a boolean": "True or False"}


class _Parser(KVArgParseConfigLoader.parser_class):  # type: ignore[misc,valid-type]  # theirs is untyped
    """Parser that raises our own error where argparse prints its usage and ends the process."""

    def error(self, message: str) -> NoReturn:
        """Raise the error for a message of argparse."""
        if found := _NO_VALUE.fullmatch(message):
            name = _name_option(found[1])
            if name not in _ALIASES and "." not in name:
                raise _make_unknown_error(found[1])
            raise errors.BadRequest(
                f"The option --{name} needs a value: --{name}=VALUE.", hint=_SEE_HELP
            )
        if found := _UNWANTED_VALUE.fullmatch(message):
            raise errors.BadRequest(f"The option {found[1]} takes no value.", hint=_SEE_HELP)
        raise errors.BadRequest(f"{message[0].upper()}{message[1:]}.", hint=_SEE_HELP)


def _name_option(name: str) -> str:
    """Return the shortest name of an option, without dashes: ``port``, ``Class.name``."""
    name = name.lstrip("-")
    aliases = {trait.rpartition(".")[2]: alias for alias, trait in _ALIASES.items()}
    return aliases.get(name.rpartition(".")[2], name)


def _make_unknown_error(name: str) -> errors.BadRequest:
    bare = name.lstrip("-")
    if len(bare) == 1:
        return errors.BadRequest(f"There is no option -{bare}.", hint=_SEE_HELP)
    near = get_close_matches(bare, [*_ALIASES, *_FLAGS], n=1)
    meant = f" Did you mean --{near[0]}?" if near else ""
    return errors.BadRequest(f"There is no option --{bare}.{meant}", hint=_SEE_HELP)


def _make_value_error(error: TraitError | ArgumentError) -> errors.BadRequest:
    """Return our own error for a value that traitlets does not accept."""
    said = " ".join(f"{error}".split())
    if found := _WRONG_TYPE.fullmatch(said):
        name = _name_option(f"{found[2]}.{found[1]}")
        said = f"{found[4]} is not a valid value of --{name}: it must be "
        said += _TYPES.get(found[3], found[3])
    elif found := _SEVERAL_VALUES.fullmatch(said):
        said = f"The option --{_name_option(found[1])} can be given only once"
    elif found := _WRONG_VALUE.fullmatch(said):
        said = f"{found[2]!r} is not a valid value of --{_name_option(found[1])}"
    return errors.BadRequest(f"{said.rstrip('.')}.", hint=_SEE_HELP)


class StrictLoader(KVArgParseConfigLoader):
    """Command-line loader that raises an error for unknown options."""

    parser_class = _Parser

    def load_config(self, *more: Any, **options: Any) -> Config:
        """Load the options and refuse unknown ones."""
        config: Config = super().load_config(*more, **options)
        if self.extra_args:
            raise errors.BadRequest(
                f"{self.extra_args[0]!r} is not a valid option of serve.", hint=_SEE_HELP
            )
        return config

    def _handle_unrecognized_alias(self, arg: str) -> None:
        raise _make_unknown_error(arg)


def _check_names(config: Config) -> None:
    """Refuse options that no loaded class has; call this when all configurable classes are loaded.

    Raises
    ------
    BadRequest
        When a name is mistyped, or its class is not used by this server.
    """
    known: dict[str, type[Configurable]] = {}
    classes = [Configurable]
    while classes:
        here = classes.pop()
        known[here.__name__] = here
        classes += here.__subclasses__()
    for section, values in config.items():
        own = _names(known[section]) if section in known else []
        for name in values:
            if name in own:
                continue
            places = {section: own} if own else {each: _names(known[each]) for each in _CONFIGURED}
            for place, names in places.items():
                if near := get_close_matches(name, names, n=1):
                    meant = f" Did you mean --{place}.{near[0]}?"
                    break
            else:
                meant = ""
            raise errors.BadRequest(
                f"There is no option --{section}.{name}.{meant}", hint=_SEE_HELP
            )


def _names(kind: type[Configurable]) -> list[str]:
    return kind.class_trait_names(config=True)


class SessionsServerApp(ServerApp):
    """A Jupyter server without kernels, contents and terminals."""

    name = "jupyter-sessions-serve"
    #: The extension reads this: the server offers the sessions and nothing else.
    stands_alone = True
    description = "Serve this user's sessions to their members."
    default_services = ()  # type: ignore[assignment]  # fewer than the thirteen of the base
    identity_provider_class = Type(
        default_value=SessionsAlone, klass=IdentityProvider, config=True, help="Identifies users."
    )
    authorizer_class = Type(
        default_value=NothingElse,
        klass=Authorizer,
        config=True,
        help="Authorizes Jupyter's own actions.",
    )
    default_url = Unicode(
        "/sessions/", config=True, help="The page to which the server's root redirects."
    )
    # Refused by default because of kernels, which this server does not have.
    allow_root = Bool(True, config=True, help="Allow root to run the server.")
    ip = Unicode(
        "localhost",
        config=True,
        help="The address to listen on: localhost for this machine only, 0.0.0.0 for all "
        "addresses of this machine.",
    )
    port = Int(
        _DEFAULT_PORT,
        config=True,
        help="The port to listen on; 0 for any free port.",
    )
    # An extension that can't apply its configuration must stop the server.
    reraise_server_extension_failures = Bool(True, config=True, help="Stop if the extension fails.")
    raise_config_file_errors = Bool(
        True, config=True, help="Stop if a configuration file is not valid."
    )
    max_body_size = Int(
        _FORM, config=True, help="The largest form in bytes; the API has its own limits."
    )
    flags = Dict(_FLAGS)
    aliases = Dict(_ALIASES)
    # Stopping needs no confirmation: accepted data is on disk.
    answer_yes = Bool(True, config=True, help="Stop on Ctrl-C without asking.")
    log_json = Bool(False, config=True, help="Write the log as one JSON object a line.")

    @validate("port")
    def _check_port(self, proposal: Any) -> int:
        port: int = proposal["value"]
        if not 0 <= port <= _LARGEST_PORT:
            raise errors.BadPort(
                f"{port} is not a valid port.",
                hint=f"A port must be a number from 1 to {_LARGEST_PORT}.",
            )
        return port

    def _create_loader(
        self, argv: list[str] | None, aliases: Any, flags: Any, classes: Any
    ) -> StrictLoader:
        return StrictLoader(argv, aliases, flags, classes=classes, log=self.log)

    def exit(self, exit_status: int | str | None = 0) -> None:
        """Raise our own error where traitlets would end the process."""
        wrong = sys.exc_info()[1]
        if isinstance(wrong, TraitError | ArgumentError):
            raise _make_value_error(wrong) from wrong
        super().exit(exit_status)

    def load_config_file(self, suppress_errors: bool = False) -> None:  # type: ignore[override]  # as theirs
        """Load the configuration files; a file that was named explicitly must exist."""
        if self.config_file and not Path(self.config_file).is_file():
            raise errors.BadRequest(
                f"The configuration file {self.config_file} does not exist.", hint=_SEE_HELP
            )
        super().load_config_file(suppress_errors)

    def init_logging(self) -> None:
        """Write the log as JSON if configured."""
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
        """Return the message that shows the server's URL and what to send to a colleague."""
        service = self.web_app.settings["jupyter_sessions"]
        server = find_own_url(self, service.public_url)
        here = self.local_url if self.ip in {"", *serverapp.WILDCARD_IPS} else ""
        lines = ["The sessions are at:", f"{server}/sessions/", *([here] if here else [])]
        unreachable = explain_unreachable(server)
        if unreachable:
            lines.append(unreachable)
        if not unreachable.startswith("Only"):
            lines += [
                "A colleague with an account (jupyter sessions account add NAME) can "
                "open it in a browser, or type in a notebook:",
                f"    %session login NAME@{server}",
                "    %session resume URL    (%session web prints the URL)",
            ]
        if clear := explain_plain_http(server):
            lines.append(clear)
        return "\n".join([*lines, "To stop the server, press Ctrl-C."])

    def init_webapp(self) -> None:
        """Bind the port first, and send no header that identifies the software."""
        self._listening = [] if self.sock else listen(self.ip, self.port)
        if self.port == 0 and self._listening:
            self.port = self._listening[0].getsockname()[1]
        super().init_webapp()
        self.web_app.add_transform(NoServerHeader)
        settings = self.web_app.settings
        settings["log_function"] = skip_unlogged(
            settings["log_function"], count_requests=self.record_http_request_metrics
        )

    def _find_http_port(self) -> None:
        """Keep the port that is already bound."""

    def _bind_http_server_tcp(self) -> bool:
        self.http_server.add_sockets(self._listening)
        return True

    def init_httpserver(self) -> None:
        """Close connections that open a request and never finish it."""
        from jupyter_sessions.store.engines import check_url

        _check_names(self.cli_config)
        if isinstance(self.starter_app, SessionsExtension):
            check_url(self.starter_app.database)
        try:
            if self.ssl_options is not None:
                ssl_options_to_context(self.ssl_options, server_side=True)
            super().init_httpserver()
        except (OSError, ValueError) as error:  # all that the ssl module raises
            raise errors.BadRequest(
                f"The certificate {self.certfile} or its key can't be used: {error}.",
                hint="--certfile and --keyfile must name files in the PEM format.",
            ) from error
        self.http_server.conn_params.header_timeout = _HEADERS_WITHIN
        self.http_server.conn_params.body_timeout = _BODY_WITHIN

    def init_signal(self) -> None:
        """Handle Ctrl-C like any other request to stop, with or without a terminal."""
        super().init_signal()
        # Without a terminal, Ctrl-C would raise KeyboardInterrupt and end the event loop at once.
        signal.signal(signal.SIGINT, self._signal_stop)

    def stop(self, from_signal: bool = False) -> None:
        """Stop accepting connections; the extension answers open requests before the server ends.

        A second call ends the server at once.
        """
        if not from_signal:
            super().stop()
        elif self._stopping:
            self.io_loop.add_callback_from_signal(self.web_app.settings["jupyter_sessions"].hurry)
        else:
            self._stopping = True
            # A signal handler or another thread must not touch the event loop's objects.
            self.io_loop.add_callback_from_signal(super().stop)


class ServedSessions(SessionsExtension):
    """The sessions extension as a standalone application."""

    serverapp_class = SessionsServerApp
    classes = [SessionsServerApp]  # noqa: RUF012  # as theirs
    subcommands = {}  # noqa: RUF012
    description = "Serve this user's sessions to their members."
    examples = (
        "jupyter sessions serve\n"
        "jupyter sessions serve --port=8765 --ip=0.0.0.0\n"
        "jupyter sessions serve --database=sqlite:////folder/sessions.db"
    )
    flags = _FLAGS
    aliases = _ALIASES
    default_url = "/sessions/"

    @classmethod
    def get_extension_package(cls) -> str:
        """Return the package under which the extension is linked."""
        return "jupyter_sessions"


def main(argv: list[str] | None = None, **config: Any) -> None:
    """Run the server until it is stopped."""
    # A command ends before its garbage matters and so delays collection; a server is long-lived.
    gc.set_threshold(_COLLECTED_AFTER)
    for app in (SessionsServerApp, SessionsExtension):
        logging.getLogger(app.__name__).addFilter(_is_logged)
    ServedSessions.launch_instance(argv or [], **config)  # type: ignore[no-untyped-call]  # theirs
