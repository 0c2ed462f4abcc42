"""The processes that keep a kernel's logins alive, whatever the kernel computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_sessions.cli.results import Line, Tone

if TYPE_CHECKING:
    from jupyter_sessions.client.logins import Login
    from jupyter_sessions.client.logins.keep_alive import Keeper


class Keepers:
    """At most one process for each login."""

    def __init__(self) -> None:
        self._by_login: dict[str, Keeper] = {}

    def start(self, login: Login, every: float) -> Line:
        """Start one, in place of the one before."""
        from jupyter_sessions.client.logins.keep_alive import Keeper

        before = self._by_login.pop(login.id, None)
        if before is not None:
            before.stop()
        self._by_login[login.id] = Keeper(login, every)
        said = f"{login.who} at {login.server} is kept alive every {every:g} s while this kernel"
        return Line(f"{said} lives; `%session keepalive --stop` ends it.", Tone.DONE)

    def stop(self) -> Line:
        """End them all."""
        count = len(self._by_login)
        while self._by_login:
            self._by_login.popitem()[1].stop()
        return Line("Not kept alive any more." if count else "Nothing was kept alive.")
