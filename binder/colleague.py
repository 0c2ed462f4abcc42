"""Links into the sessions pages of this very server, for the guided notebook."""

from __future__ import annotations

import os
from html import escape

from IPython.display import HTML
from jupyter_server.serverapp import list_running_servers


def base_url() -> str:
    """Give the path under which this kernel's Jupyter server stands, with its slash at the end.

    Behind a proxy such as Binder's only the browser knows the host; the path is enough for a link.
    """
    parent = os.environ.get("JPY_PARENT_PID", "")
    servers = list(list_running_servers())
    ours = [each for each in servers if str(each["pid"]) == parent] or servers
    return str(ours[0]["base_url"]) if ours else "/"


def link(page: str, text: str) -> str:
    """Draw a link to a page under ``/sessions/`` that opens in a tab of its own."""
    address = escape(f"{base_url()}sessions/{page}")
    return f'<a href="{address}" target="_blank" rel="noopener">{escape(text)}</a>'


def pages() -> HTML:
    """Show the way to the sessions' pages."""
    return HTML(f"<p>{link('', 'My sessions, as web pages')}</p>")


def way_in() -> HTML:
    """Show where and how the colleague logs in."""
    password = os.environ.get("COLLEAGUE_PASSWORD")
    if password is None:
        return HTML(
            "<p>There is no colleague here: <code>binder/start</code> makes the account.</p>"
        )
    return HTML(
        f"<p>{link('login', 'Log in as your colleague')}: open it in a private window, or this "
        "browser is the colleague in every tab until you log out there.</p>"
        f"<p>User <code>colleague</code>, password <code>{escape(password)}</code></p>"
    )
