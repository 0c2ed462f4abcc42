"""The Jupyter server extension: configuration, routes, recording and the store's lifetime."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import WILDCARD_IPS
from traitlets import Bool, Float, Int, Set, TraitError, Unicode, default, validate

from jupyter_sessions import __version__, errors, paths
from jupyter_sessions.core.types import Limits
from jupyter_sessions.local_files import write_atomically
from jupyter_sessions.server.recording.attachments import Attachments
from jupyter_sessions.server.recording.backlog import Requests
from jupyter_sessions.server.recording.kernels import Kernels
from jupyter_sessions.server.recording.manager import AttachmentManager
from jupyter_sessions.server.recording.protocol import Place
from jupyter_sessions.server.recording.senders import Senders, observed
from jupyter_sessions.server.recording.targets import Targets
from jupyter_sessions.server.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_sessions.core.dispatcher import Dispatcher


_CONNECTION_CLASS = "kernel_websocket_connection_class"


def attachments(
    serverapp: Any, service: Service, place: Place, *, addresses: list[str], several: bool
) -> Attachments:
    """Make the attachments of a server.

    Parameters
    ----------
    serverapp
        The server.
    service
        The state that its handlers share.
    place
        The store, as the recording process opens it.
    addresses
        The base URLs under which the server is known.
    several
        Whether several people use the server, so that the sender of each request must be tracked.
    """
    senders, requests = Senders() if several else None, Requests()
    settings = serverapp.web_app.settings
    settings[_CONNECTION_CLASS] = observed(settings[_CONNECTION_CLASS], senders, requests)
    kernels = Kernels(serverapp)
    targets = Targets(service.dispatcher, service.answered, addresses)
    return Attachments(
        kernels, targets, AttachmentManager(kernels, targets, place, senders, requests)
    )


def _stop_on_interrupt(serverapp: Any) -> None:
    """Let SIGINT stop a server without a terminal as SIGTERM does, which answers open requests.

    jupyter_server handles SIGINT only in a terminal. Elsewhere, Python's own handler would end the
    event loop at once. A program that handles signals itself is left alone.
    """
    stop = signal.getsignal(signal.SIGTERM)
    if (
        getattr(stop, "__self__", None) is serverapp
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        signal.signal(signal.SIGINT, stop)


# Kernels inherit the server's environment.
_URL_VARIABLE = "JUPYTER_SESSIONS_URL"

_KERNELS = "kernels"  # the service of a Jupyter server

_TIDY_EVERY = 600.0  # seconds

# The store is checked this many seconds after it was opened, or after a failed check.
_CHECK_SOON = 600.0


def find_own_url(serverapp: Any, public_url: str) -> str:
    """Return the base URL of a server for other machines; the server's port must be known.

    Parameters
    ----------
    serverapp
        The Jupyter server.
    public_url
        The configured URL, if any.
    """
    from jupyter_sessions.client.reachability import name_this_machine

    if public_url:
        return public_url.rstrip("/")
    own: str = serverapp.connection_url
    if serverapp.ip in {"", *WILDCARD_IPS} and not serverapp.sock:
        name = name_this_machine(by_name=bool(serverapp.certfile))
        scheme, base = urlsplit(own).scheme, serverapp.base_url
        own = f"{scheme}://{name}:{serverapp.port}{base}"
    return own.rstrip("/")


class SessionsExtension(ExtensionApp):
    """Jupyter server extension that adds shared sessions.

    The store is opened at the first request, so that a server whose users have no sessions starts
    as fast as without the extension.
    """

    name = "jupyter_sessions"
    app_name = "jupyter_sessions"
    description = "Shared experiment sessions"
    extension_url = "/sessions/"
    load_other_extensions = False

    database = Unicode(
        help="The store's database as an SQLAlchemy URL: sqlite:////folder/sessions.db or "
        "postgresql+psycopg://user@host/name. The default is the user's own store.",
    ).tag(config=True)
    blobs = Unicode(
        help="The location of the blobs: a folder, or an s3://, gs:// or az:// URL.",
    ).tag(config=True)
    public_url = Unicode(
        help="The URL of this server for its users, including the base URL, if it differs from the "
        "one in their requests.",
    ).tag(config=True)
    administrators = Set(
        Unicode(),
        help="Users of the server's identity provider who administer the accounts.",
    ).tag(config=True)
    max_command_bytes = Int(
        256 * 2**20, min=1024, help="The largest outputs of one command; more is cut, with a note."
    ).tag(config=True)
    max_file_bytes = Int(2 * 2**30, min=1024, help="The largest published file.").tag(config=True)
    max_scratch_value_bytes = Int(
        256 * 2**10, min=1, help="The largest scratch value, as JSON."
    ).tag(config=True)
    max_scratch_bytes = Int(
        4 * 2**20, min=1024, help="The largest total size of a session's scratch values."
    ).tag(config=True)
    restorable_days = Float(
        30.0, min=0, help="The number of days for which a removed session can be restored."
    ).tag(config=True)
    login_days = Float(30.0, min=0.001, help="The longest life of a login in days.").tag(
        config=True
    )
    login_idle_days = Float(
        7.0, min=0.001, help="The default idle time-out of a login in days."
    ).tag(config=True)
    longest_login_idle_days = Float(
        30.0,
        min=0.001,
        help="The longest idle time-out in days that a user can request for a login; "
        "administrators can request up to the login's longest life.",
    ).tag(config=True)

    audit_log = Unicode(
        help="A file for the audit log, one JSON object a line; it is rotated at 50 MiB, and ten "
        "files are kept. By default the entries go to the server's log. Administrators can also "
        "read them with `jupyter sessions audit`.",
    ).tag(config=True)
    audit_days = Float(
        365.0, min=1, help="The number of days for which the database keeps the audit log."
    ).tag(config=True)
    guests = Bool(
        False,
        help="Whether people without an account can use an invitation to join one session as "
        "guests.",
    ).tag(config=True)
    invitation_days = Float(
        7.0,
        min=0.001,
        help="The default life of an invitation in days.",
    ).tag(config=True)
    stop_within = Float(
        10.0,
        min=0,
        help="The number of seconds for which a stopping server waits for open requests.",
    ).tag(config=True)
    longest_invitation_days = Float(
        30.0, min=0.001, help="The longest life in days that a user can request for an invitation."
    ).tag(config=True)

    check_hours = Float(
        24.0,
        min=0,
        help="The number of hours between two checks of all stored data, whose result the health "
        "page shows; 0 for no checks.",
    ).tag(config=True)
    check_rate = Float(
        16.0, min=0.1, help="The highest rate at which a check reads, in MB a second."
    ).tag(config=True)

    @default("config_file_name")
    def _default_config_file_name(self) -> str:
        return "jupyter_sessions_config"  # jupyter_server's own default says jupyter twice

    @default("open_browser")
    def _default_open_browser(self) -> bool:
        # The server asks its starting app about this; `jupyter sessions web` opens a browser.
        return False

    @validate("public_url")
    def _check_public_url(self, proposal: Any) -> str:
        from jupyter_sessions.client.addresses import parse_address

        url = str(proposal["value"]).strip()
        try:
            address = parse_address(url)
        except errors.BadAddress as error:
            raise TraitError(f"public_url is {url!r}: {error.message}") from None
        if url and ("://" not in url or address.user is not None):
            raise TraitError(f"public_url is {url!r}, but must begin with http:// or https://.")
        return url

    @default("database")
    def _default_database(self) -> str:
        return paths.own_database()

    @default("blobs")
    def _default_blobs(self) -> str:
        return paths.own_blobs()

    _tidying: asyncio.Task[None] | None = None
    _checking: asyncio.Task[None] | None = None
    _server_file: Path | None = None
    _audit_file: logging.Handler | None = None
    _service: Service

    def initialize_settings(self) -> None:
        """Store the shared service in the web application's settings."""
        from jupyter_sessions.server.audit_file import write_audit_log
        from jupyter_sessions.server.auth import refresh_every_minute
        from jupyter_sessions.server.log_filter import hide_keys

        if self.serverapp is not None:
            refresh_every_minute(self.serverapp.identity_provider)
            hide_keys(self.serverapp.log, *map(logging.getLogger, ("tornado", "jupyter_sessions")))
            self._audit_file = write_audit_log(self.audit_log, self.serverapp.log)
        limits = Limits(
            command=self.max_command_bytes,
            file=self.max_file_bytes,
            scratch_value=self.max_scratch_value_bytes,
            scratch=self.max_scratch_bytes,
            restorable=timedelta(days=self.restorable_days),
            login=timedelta(days=self.login_days),
            login_idle=timedelta(days=self.login_idle_days),
            longest_login_idle=timedelta(days=self.longest_login_idle_days),
            invitation=timedelta(days=self.invitation_days),
            longest_invitation=timedelta(days=self.longest_invitation_days),
            guests=self.guests,
            audit=timedelta(days=self.audit_days),
        )

        def open_store() -> Dispatcher:
            from jupyter_sessions.core.dispatcher import Dispatcher

            return Dispatcher(self.database, self.blobs, limits)

        self._service = Service(
            open_store,
            limits=limits,
            public_url=self.public_url,
            administrators=frozenset(self.administrators),
        )
        self._service.stands_alone = getattr(self.serverapp, "stands_alone", False)
        self.settings["jupyter_sessions"] = self._service

    def initialize_handlers(self) -> None:
        """Add the routes: the API, the live view, capability URLs and, last, the pages."""
        from jupyter_sessions.server.routes import routes

        self.handlers.extend(routes())

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Publish the server's URL to this user's other processes once the port is known."""
        from jupyter_sessions.server.draining import OpenConnections

        prefix = f"{serverapp.base_url.rstrip('/')}/sessions"
        self._service.connections = OpenConnections(serverapp.http_server, prefix)
        _stop_on_interrupt(serverapp)
        described: dict[str, Any] = {
            "url": find_own_url(serverapp, self.public_url),
            "pid": os.getpid(),
            "database": self.database,
            "version": __version__,
        }
        if self.database != paths.own_database():
            # Kernels could not find this store in process.
            os.environ[_URL_VARIABLE] = described["url"]
        if serverapp.kernel_manager is not None and _KERNELS in serverapp.default_services:
            described |= {
                "kernels": serverapp.connection_url.rstrip("/"),
                "secret": self._service.process_secret,
            }
            self._record_kernels(serverapp, described)
        self._server_file = (
            paths.make_private_folder("servers") / f"{os.getpid()}-{serverapp.port}.json"
        )
        write_atomically(self._server_file, msgspec.json.encode(described))
        self._tidying = asyncio.create_task(self._tidy())
        self._checking = asyncio.create_task(self._check())

    def _record_kernels(self, serverapp: Any, described: dict[str, Any]) -> None:
        """Prepare to record the server's kernels."""
        from jupyter_sessions.server.auth import one_person
        from jupyter_sessions.server.recording.protocol import Place
        from jupyter_sessions.server.shared_address import SharedAddress
        from jupyter_sessions.server.stored_logins import StoredLogins

        addresses = [described["url"], described["kernels"]]
        self._service.attachments = attachments(
            serverapp,
            self._service,
            Place(
                database=self.database,
                blobs=self.blobs,
                server=None if self.database == paths.own_database() else described["url"],
                limit=self.max_command_bytes,
            ),
            addresses=addresses,
            several=not one_person(serverapp.identity_provider),
        )
        stored = StoredLogins(addresses)
        address = SharedAddress(self.database, described["url"])
        self._service.own_uses = {
            **self._service.attachments.uses,
            **stored.uses,
            **address.uses,
        }

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(_TIDY_EVERY)
            try:
                await self._service.tidy()
            except (OSError, errors.SessionsError) as error:
                self.log.warning("Maintenance failed; trying again: %s", error)

    async def _check(self) -> None:
        every = self.check_hours * 3600
        if not every:
            return
        await self._service.wait_until_open()
        wait = soon = min(_CHECK_SOON, every)
        while True:
            await asyncio.sleep(wait)
            try:
                await self._service.check_store(self.check_rate * 1e6)
                wait = every
            except (OSError, errors.SessionsError) as error:
                self.log.warning("Checking the store failed; trying again: %s", error)
                wait = soon

    async def stop_extension(self) -> None:
        """Finish accepted work and close the store."""
        if self._server_file is not None:
            self._server_file.unlink(missing_ok=True)
        for task in (self._tidying, self._checking):
            if task is not None:
                task.cancel()
        await self._service.drain(self.stop_within, close=self._service.stands_alone)
        await self._service.stop()
        if self._audit_file is not None:
            logging.getLogger("jupyter_sessions.audit").removeHandler(self._audit_file)
            self._audit_file.close()
