"""Keep a login alive by resetting its idle time-out regularly.

Notebooks and scripts use a separate process, which no computation blocks and which ends with them.
The key is passed on standard input, so that it does not appear in process lists.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, cast

import msgspec

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.logins import retry, storage
from jupyter_sessions.client.logins.model import Login

INTERVAL = 60.0  #: seconds


def keep_alive(
    login: Login,
    interval: float,
    over: Callable[[float], bool],
    away: Callable[[errors.SessionsError], None] = lambda _: None,
) -> None:
    """Keep a login alive until `over` returns true; retry while the server is unreachable.

    Parameters
    ----------
    login
        The login.
    interval
        The seconds between two requests.
    over
        Waits for a number of seconds, and returns whether to stop.
    away
        Called once each time the server becomes unreachable.

    Raises
    ------
    NotLoggedIn
        When the login has ended.
    """
    there = True
    while True:
        try:
            shown = retry.ask(
                login.server,
                login.key,
                lambda http: http.call(api.REFRESH_LOGIN, schemas.Nothing()),
            )
        except errors.ServerUnreachable as error:
            if there:
                away(error)
            there = False
        except errors.NotLoggedIn as error:
            storage.learn(login, error)
            raise
        else:
            there = True
            login = storage.learn(login, shown)
        if over(interval):
            return


class LoginKeepAlive:
    """A process that keeps a login alive until it is stopped or its parent ends.

    Parameters
    ----------
    login
        The login.
    interval
        The seconds between two requests.
    """

    def __init__(self, login: Login, interval: float) -> None:
        self.login = login
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(interval)],
            # Closing the pipe stops the process.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._parent = os.getpid()
        told = msgspec.structs.replace(login, stored_key=login.key, in_keyring=False)
        with suppress(OSError):  # the process has ended, as `running` shows
            self._pipe.write(msgspec.json.encode(told) + b"\n")
            self._pipe.flush()

    @property
    def running(self) -> bool:
        """Whether the process still runs: it ends when the login has ended."""
        return os.getpid() == self._parent and self._process.poll() is None

    def stop(self) -> None:
        """Stop the process."""
        with suppress(OSError):
            self._pipe.close()
        # In a forked child, the process belongs to the parent.
        if os.getpid() == self._parent:
            self._process.wait()

    @property
    def _pipe(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdin)  # as it was started


def _main(interval: float) -> int:
    login = msgspec.json.decode(sys.stdin.buffer.readline(), type=Login)
    closed = threading.Event()

    def watch() -> None:
        sys.stdin.buffer.read()
        closed.set()

    threading.Thread(target=watch, daemon=True).start()
    try:
        keep_alive(login, interval, closed.wait)
    except errors.SessionsError as error:
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_main(float(sys.argv[1])))
