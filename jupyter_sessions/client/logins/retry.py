"""Asking a server that may not be there yet: for as long as one will wait, and no longer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from jupyter_sessions import api, errors, schemas

if TYPE_CHECKING:
    from jupyter_sessions.client.transports.http import HttpTransport

T = TypeVar("T")

#: Seconds within which a server must answer who logs in, where it is not waited for.
ANSWERS_WITHIN = 20.0
_FIRST_PAUSE = 0.2  # seconds
_LONGEST_PAUSE = 2.0
_SHORTEST = 0.1  # seconds in which it makes sense to ask
_LONGEST = 1 << 20  # bytes that an answer about a login can have


def ask(
    server: str,
    key: str | None,
    question: Callable[[HttpTransport], T],
    *,
    within: float | None = None,
) -> T:
    """Ask a server once, over a connection of its own.

    Raises
    ------
    ServerSilent
        When the whole of its answer was not there within so many seconds.
    SessionsError
        What it answers.
    """
    # Looking up a name, and a server that sends a little now and then, know no time limit.
    from concurrent.futures import Future

    from jupyter_sessions.client.transports.http import CONNECT_TIMEOUT, HttpTransport

    within = ANSWERS_WITHIN if within is None else within
    http = HttpTransport(
        server,
        key,
        connect_timeout=min(CONNECT_TIMEOUT, within),
        read_timeout=within,
        longest=_LONGEST,
    )
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(question(http))
        except BaseException as error:  # noqa: BLE001  # told to the one who waits
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return answer.result(within)
    except TimeoutError:
        raise errors.ServerSilent(
            f"{server} did not answer in the time that it was given, {within:.3g} s.",
            hint="Check the address. Try again later, or wait for longer.",
        ) from None
    finally:
        http.close()


def wait_for(
    server: str, key: str | None, question: Callable[[HttpTransport], T], seconds: float | None
) -> T:
    """Ask a server until it answers, for so many seconds at most; without any, once.

    Raises
    ------
    ServerUnreachable
        When it did not answer in that time.
    SessionsError
        What it answers.
    """
    if not seconds:
        return ask(server, key, question)
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    met: errors.ServerUnreachable | None = None
    while True:
        try:
            return ask(server, key, question, within=deadline - time.monotonic())
        except errors.BadSetting:
            raise  # waiting mends no setting
        except errors.ServerUnreachable as error:
            # A last try that our own haste cut short says less than those before it.
            if met is None or not isinstance(error, errors.ServerSilent):
                met = error
        left = deadline - time.monotonic() - _SHORTEST
        if left <= 0:
            raise met
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)


def reach(server: str, seconds: float | None = None) -> None:
    """See that there is a sessions server, before a password or key is sent to it."""
    wait_for(server, None, lambda http: http.call(api.CHECK_HEALTH, schemas.Nothing()), seconds)
