"""Build the URLs of the pages, fragments and static files."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from jupyter_sessions import api, urls

# Paths below the root that hold user content.
_CONTENT = re.compile(r"w/|[^/]+/experiment/(raw/|preview/|commands/[0-9]+/outputs/)")


class Links:
    """The URLs of one server's pages, as paths from its root.

    Parameters
    ----------
    base_url
        The Jupyter server's base URL, with a slash at either end.
    """

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/")
        self.root = self._base + urls.ROOT
        self._api = self._base + api.PREFIX

    def list(self, **query: object) -> str:
        """The list of sessions."""
        return self.root + _query(query)

    def login(self, **query: object) -> str:
        """The login form."""
        return self.root + "login" + _query(query)

    def logout(self) -> str:
        """The target of the logout button."""
        return self.root + "logout"

    def account(self) -> str:
        """The visitor's own account."""
        return self.root + "account"

    def enter(self) -> str:
        """The one-time login link."""
        return self.root + "enter"

    def join(self) -> str:
        """The page that shows an invitation."""
        return self._base + urls.JOIN_PAGE

    def session(self, code: str) -> str:
        """A session: the path of its session URL."""
        return urls.build_session_url(self._base, code)

    def history(self, code: str, **query: object) -> str:
        """A page of a session's history."""
        return self.session(code) + _query(query)

    def command(self, code: str, number: int, **query: object) -> str:
        """A command's permalink."""
        return urls.build_command_url(self.session(code), number) + _query(query)

    def output(self, code: str, number: int, index: int) -> str:
        """Redirect to the capability URL of one output of a command."""
        return f"{self.command(code, number)}/outputs/{index}"

    def half(self, code: str, which: str, number: int) -> str:
        """A command's request or response as JSON."""
        return f"{self.session(code)}/json/{which}/{number}.json"

    def files(self, code: str, path: str = "", **query: object) -> str:
        """A folder or file of the web space."""
        return urls.build_file_url(self.session(code), path) + _query(query)

    def raw(self, code: str, path: str) -> str:
        """Redirect to the capability URL of a published file."""
        return f"{self.session(code)}/raw/{urls.quote_path(path)}"

    def preview(self, code: str, path: str) -> str:
        """Redirect to the capability URL of a published file's preview."""
        return f"{self.session(code)}/preview/{urls.quote_path(path)}"

    def download(self, code: str, path: str) -> str:
        """The API's download of a published file."""
        return f"{self._api}/sessions/{quote(code, safe='')}/content/{urls.quote_path(path)}"

    def members(self, code: str) -> str:
        """A session's members."""
        return self.session(code) + "/members"

    def activity(self, code: str, **query: object) -> str:
        """A session's log."""
        return self.session(code) + "/activity" + _query(query)

    def live(self, code: str) -> str:
        """The live view's WebSocket, as a path."""
        return f"{self._api}/sessions/{quote(code, safe='')}/live"

    def presence(self, code: str) -> str:
        """The API's list of who has a session open."""
        return f"{self._api}/sessions/{quote(code, safe='')}/presence"

    def own(self, target: str) -> str:
        """Return `target` if it is a page of ours, else the list: nobody is led elsewhere.

        A browser reads backslashes as slashes, drops tabs and line ends, and resolves dots, so a
        path with any of these is refused rather than interpreted. User content is refused too,
        since it could navigate anywhere.
        """
        path = target.partition("?")[0].partition("#")[0]
        plain = target.isprintable() and not any(char in target for char in '\\ <>"')
        dotted = any(part.lower().replace("%2e", ".") in {".", ".."} for part in path.split("/"))
        inside = path.startswith(self.root) and "//" not in path
        content = _CONTENT.match(path.removeprefix(self.root)) is not None
        return target if plain and inside and not dotted and not content else self.root


def _query(query: dict[str, object]) -> str:
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return "?" + urlencode(kept) if kept else ""
