"""Send requests to a server that may still be starting, with a time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.backoff import compute_wait

if TYPE_CHECKING:
    from jupyter_sessions.client.transports.http import HttpTransport

T = TypeVar("T")

#: Seconds within which a server must answer a login request, if it is not waited for.
ANSWERS_WITHIN = 20.0
_FIRST_PAUSE = 0.2  # seconds
_LONGEST_PAUSE = 2.0
_SHORTEST = 0.1  # the shortest useful time for a request, in seconds
_LONGEST = 1 << 20  # the largest answer about a login, in bytes


def ask(
    server: str,
    key: str | None,
    question: Callable[[HttpTransport], T],
    *,
    within: float | None = None,
) -> T:
    """Send one request to a server, over a separate connection.

    Raises
    ------
    ServerSilent
        When the complete answer did not arrive within the time limit.
    SessionsError
        The server's error.
    """
    # Name resolution and slowly dripping servers have no time limit of their own.
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
        except BaseException as error:  # noqa: BLE001  # passed to the waiting caller
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return answer.result(within)
    except TimeoutError:
        raise errors.ServerSilent(
            f"{server} did not answer within {within:.3g} s.",
            hint="Check the address. Try again later, or wait longer.",
        ) from None
    finally:
        http.close()


def wait_for(
    server: str, key: str | None, question: Callable[[HttpTransport], T], seconds: float | None
) -> T:
    """Repeat a request until the server answers, for at most `seconds`; without any, send it once.

    Raises
    ------
    ServerUnreachable
        When the server did not answer in that time.
    SessionsError
        The server's error.
    """
    if not seconds:
        return ask(server, key, question)
    deadline = time.monotonic() + seconds
    failures = 0
    met: errors.ServerUnreachable | None = None
    while True:
        try:
            return ask(server, key, question, within=max(deadline - time.monotonic(), _SHORTEST))
        except errors.BadSetting:
            raise  # waiting mends no setting
        except errors.ServerUnreachable as error:
            # If our own deadline cut the last try short, an earlier error says more.
            if met is None or not isinstance(error, errors.ServerSilent):
                met = error
        left = deadline - time.monotonic() - _SHORTEST
        if left <= 0:
            raise met
        failures += 1
        time.sleep(min(compute_wait(failures, _FIRST_PAUSE, _LONGEST_PAUSE), left))


def reach(server: str, seconds: float | None = None) -> None:
    """Check that a server is a sessions server, before a password or key is sent to it."""
    wait_for(server, None, lambda http: http.call(api.CHECK_HEALTH, schemas.Nothing()), seconds)
