"""Build and parse the URLs of sessions, commands, files, invitations and logins.

The front end has the same functions in `labextension/src/text/urls.ts`. The tests of both read the
same examples, ``tests/fixtures/urls.json``. Whether a URL names a server that may get a key is
decided in `client.addresses`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlencode, urlsplit

#: The list of sessions, below a server's base URL; all other pages are below it.
ROOT = "/sessions/"

#: Capability URLs, which serve the content of users.
CAPABILITIES = f"{ROOT}w/"

#: The page that shows an invitation.
JOIN_PAGE = f"{ROOT}join"

#: The code of a session, as a regular expression.
CODE = "[1-9][0-9]{21}|default"

#: A session's path as a pattern of routes, which leave the check of the code to the operation.
SESSION_ROUTE = f"{ROOT}([^/]+)/experiment"

_CODE = re.compile(CODE)
_SESSION = re.compile(rf"(?P<base>.*?){ROOT}(?P<code>{CODE})/experiment(?:/(?P<rest>.*))?")
_LIST = re.compile(rf"(?P<base>.*?){ROOT.rstrip('/')}(?:/login|/join)?/?")
_COMMAND = re.compile(r"commands/([0-9]{1,15})(?:/.*)?")
_INVITATION = re.compile(r"jinv_[A-Za-z0-9_-]{20,200}")
_TOKEN = re.compile(rf"({CAPABILITIES})[^/?]+")


@dataclass(frozen=True)
class SessionPath:
    """The parts of a session URL.

    Attributes
    ----------
    base
        What precedes ``/sessions/``.
    code
        The session's code, or ``default``.
    command
        The number of the command that the URL leads to.
    path
        The file or folder of the web space that the URL leads to.
    """

    base: str
    code: str
    command: int | None = None
    path: str | None = None


def is_code(text: str) -> bool:
    """Return whether a text is a session's code, or ``default``."""
    return _CODE.fullmatch(text) is not None


def is_invitation_key(text: str) -> bool:
    """Return whether a text has the form of an invitation's key."""
    return _INVITATION.fullmatch(text) is not None


def build_session_url(server: str, code: str) -> str:
    """Build a session URL from a server's base URL, or a path from its base path."""
    return f"{server}{ROOT}{quote(code, safe='')}/experiment"


def build_command_url(session_url: str, number: int) -> str:
    """Build the permalink of a command."""
    return f"{session_url}/commands/{number}"


def build_file_url(session_url: str, path: str = "") -> str:
    """Build the URL of the page of a file, of a folder, or of the whole web space."""
    return f"{session_url}/files/{quote_path(path)}" if path else f"{session_url}/files"


def build_invitation_url(join_page: str, key: str) -> str:
    """Build the URL of an invitation: browsers don't send the key, which follows a #."""
    return f"{join_page}#{key}"


def build_login_url(server: str, ticket: str, page: str) -> str:
    """Build a one-time login URL, which leads on to a page below the server's base URL."""
    query = urlencode({"next": urlsplit(server).path + page})
    # Browsers don't send what follows a #, so it is never in a log.
    return f"{server}{ROOT}enter?{query}#{ticket}"


def build_capability_url(server: str, token: str, path: str = "") -> str:
    """Build the capability URL of a file or output, or of the place that its token opens."""
    return f"{server}{CAPABILITIES}{token}/{quote_path(path)}"


def quote_path(path: str) -> str:
    """Quote the path of a file in a web space; its slashes stay."""
    return quote(path, safe="/")


def split_session_path(path: str) -> SessionPath | None:
    """Split the path of a session URL, without its query; return None for any other path."""
    found = _SESSION.fullmatch(path)
    if not found:
        return None
    rest = found["rest"] or ""
    command = _COMMAND.fullmatch(rest)
    file = rest.removeprefix("files/") if rest.startswith("files/") else ""
    return SessionPath(
        base=found["base"],
        code=found["code"],
        command=int(command[1]) if command else None,
        path=_unquote(file) or None,
    )


def split_list_path(path: str) -> str | None:
    """Return what precedes the list of sessions, or the pages that one logs in or joins at."""
    found = _LIST.fullmatch(path)
    return found["base"] if found else None


def get_server(session_url: str) -> str:
    """Return the base URL of the server in a session URL that a server made."""
    found = split_session_path(session_url)
    if found is None:
        raise ValueError(f"{session_url!r} is not a session URL.")
    return found.base


def get_token(path: str) -> str:
    """Return the token of a capability URL's path."""
    return path.partition(CAPABILITIES)[2].partition("/")[0]


def hide_token(url: str) -> str:
    """Replace the token of a capability URL, so that it can be written to a log."""
    return _TOKEN.sub(r"\1[secret]", url)


def _unquote(path: str) -> str:
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError:
        return ""
