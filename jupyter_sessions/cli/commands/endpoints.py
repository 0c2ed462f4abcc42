"""Where a session is reached by programs that know nothing of this one."""

from __future__ import annotations

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.command import Work, command, table
from jupyter_sessions.cli.results import Line, Result


def _address(work: Work, code: str | None, below: str) -> Result:
    if code is not None:
        work.name_session(code)
    named = schemas.SessionNamed(code=work.code)
    # Any role will do: what it is good for shows in each operation.
    if not work.in_session.call(api.SESSION_EXISTS, named).exists:
        raise errors.NoSuchSession
    server = work.in_session.server or _own_server()
    path = api.GET_SESSION.path.format(code=named.code)
    url = f"{server}{api.PREFIX}{path}/{below}"
    return Result({"url": url}, (Line(url),))


def _own_server() -> str:
    from jupyter_sessions.client.local_servers import shown_at
    from jupyter_sessions.paths import own_database

    server = shown_at(own_database())
    if server is None:
        raise errors.ServerUnreachable(
            "No server shows this store now, so no other program can reach its sessions.",
            hint="Start one: `jupyter sessions serve`, or open JupyterLab.",
        )
    return server


@command("http-url", "http-url 1234567890123456789012")
@click.argument("code", required=False, metavar="[CODE|URL]")
def http_url(work: Work, code: str | None) -> Result:
    """Print the base URL under which a session's whole API stands, for any HTTP library.

    A program sends a key with each request, as `Authorization: Bearer KEY`; the URL holds none. The
    reference shows ten lines that work as they stand.
    """
    return _address(work, code, "")


@command("xmlrpc-url", "xmlrpc-url 1234567890123456789012")
@click.argument("code", required=False, metavar="[CODE|URL]")
def xmlrpc_url(work: Work, code: str | None) -> Result:
    """Print the URL of a session's XML-RPC server, as Python's xmlrpc.client.ServerProxy takes it.

    A program sends a key with each request, as `Authorization: Bearer KEY` or as the password of
    HTTP's Basic authentication; the URL holds none. The reference shows ten lines that work as they
    stand.
    """
    return _address(work, code, "xmlrpc")


COMMANDS = table(http_url, xmlrpc_url)
