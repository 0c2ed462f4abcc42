"""Run the demo: analysis, summary, and a server that shows the session."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli import last_session
from jupyter_sessions.client.local_servers import own_servers
from jupyter_sessions.client.presence import login_link
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.demo import analysis
from jupyter_sessions.paths import own_database
from jupyter_sessions.urls import build_session_url

_STARTED_WITHIN = 60.0  # seconds
_STOPPED_WITHIN = 15.0
_ANSWERED_WITHIN = 1.0
_USUAL_PORT = 8765


def show(*, serve: bool, port: int, output: str | None) -> None:
    """Run the analysis, summarize the recording, and serve it until Ctrl-C.

    Parameters
    ----------
    serve
        Whether to start a server.
    port
        Its port; 0 for the default port.
    output
        The path for the executed notebook, if any.

    Raises
    ------
    SessionsError
        When a dependency is missing, or the demo fails.
    """
    analysis.check_extra()
    click.echo("Running an analysis of Seattle's weather in a kernel, with recording on:\n")
    outcome = analysis.run(click.echo, Path(output) if output else None)
    # Later commands in the shell, such as `web`, then use this session.
    transport = LocalTransport()
    last_session.remember(outcome.code, None, transport.user)
    click.echo(_summary(transport, outcome))
    if not serve:
        click.echo("\nTo see it:  jupyter sessions serve,  then  jupyter sessions web")
        return
    _serve(transport, outcome.code, port)


def _summary(transport: Transport, outcome: analysis.Outcome) -> str:
    code = outcome.code
    session = transport.call(api.GET_SESSION, schemas.SessionNamed(code=code))
    failed = transport.call(api.LIST_COMMANDS, schemas.ListCommands(code=code, status="error"))
    files = transport.call(api.LIST_FILES, schemas.ListFiles(code=code, deep=True))
    lines = {
        "session": f"{session.label}  ({code})",
        "commands": f"{session.commands}, of which {len(failed.items)} failed",
        "published": ", ".join(file.path for file in files.items),
        "time": f"{outcome.seconds:.0f} s",
    }
    return "\n" + "\n".join(f"{name:<11}{text}" for name, text in lines.items())


def _serve(transport: Transport, code: str, port: int) -> None:
    # The server runs no kernels: even root may start it.
    command = [sys.executable, "-m", "jupyter_sessions", "serve"]
    command += ["--ServerApp.allow_root=True", "--ServerApp.log_level=WARN"]
    command += ["--ServerApp.open_browser=False"]
    command += [f"--port={port or _choose_port()}"]
    # A server left behind would block its port, so SIGTERM ends it like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = subprocess.Popen(command)
    try:
        url = _address(server)
        page = build_session_url("", code)
        click.echo(f"\nsession    {url}{page}")
        click.echo(f"log in     {login_link(transport, url, page).url}")
        click.echo("           (works once, within ten minutes; for another: jupyter sessions web)")
        click.echo("\nTo stop the server, press Ctrl-C.")
        server.wait()
    except KeyboardInterrupt:
        click.echo("\nStopping the server.")
    finally:
        server.terminate()
        server.wait(_STOPPED_WITHIN)


def _choose_port() -> int:
    """Return the default port, or 0 for any if another program uses it."""
    with socket.socket() as probe:
        probe.settimeout(_ANSWERED_WITHIN)
        return 0 if probe.connect_ex(("127.0.0.1", _USUAL_PORT)) == 0 else _USUAL_PORT


def _address(server: subprocess.Popen[bytes]) -> str:
    """Wait until the server has reported its URL."""
    deadline = time.monotonic() + _STARTED_WITHIN
    own = own_database()
    while time.monotonic() < deadline and server.poll() is None:
        for told in own_servers():
            if told.pid == server.pid and told.database == own:
                return told.url.rstrip("/")
        time.sleep(0.1)
    raise errors.ServerUnreachable(
        "The sessions server did not start. See its messages above.",
        hint="Try another port with --port, or start only the server: `jupyter sessions serve`.",
    )
