"""A flood of logins with random names, over many connections, holds up nobody else."""

from __future__ import annotations

import http.client
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from jupyter_sessions import api
from tests.conftest import PASSWORD
from tests.server.serving import Place, Server, address, bearer, key_for
from tests.waiting import STARTED_WITHIN, until

CONNECTIONS = 60
FLOODING = [f"127.0.0.{number}" for number in range(2, 10)]
#: Seconds that a person waits without complaint, beyond ten times what the same takes without the
#: flood. Without fair queues, an upload waited for half a minute, and a login for ever.
PATIENCE = 10.0


def ask(
    server: Server, method: str, path: str, body: bytes, key: str = "", source: str = "127.0.0.1"
) -> int:
    """Make a request from an address of this machine, and return its status."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.port, timeout=STARTED_WITHIN, source_address=(source, 0)
    )
    try:
        connection.request(method, path, body, bearer(key) if key else {})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def log_in(server: Server, user: str, source: str) -> int:
    """Log in with the right password, if there is such a user."""
    body = f'{{"user": "{user}", "password": "{PASSWORD}"}}'.encode()
    return ask(server, "POST", f"{api.PREFIX}/login", body, source=source)


@contextmanager
def flood(server: Server) -> Iterator[Counter[int]]:
    """Log in with random names without a pause; give the numbers of answers by status."""
    ended = threading.Event()
    answers: Counter[int] = Counter()

    def keep_trying(source: str) -> None:
        while not ended.is_set():
            with suppress(OSError, http.client.HTTPException):
                answers[log_in(server, secrets.token_hex(8), source)] += 1

    threads = [
        threading.Thread(target=keep_trying, args=(FLOODING[number % len(FLOODING)],))
        for number in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    try:
        # Each address has its queue full, and has had a turn.
        until(lambda: answers[401] > len(FLOODING) and answers[503] > CONNECTIONS, "the flood")
        yield answers
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def time_calls(*calls: Callable[[], int]) -> float:
    """Make calls until each has succeeded; return how long the longest one took."""
    longest = 0.0
    for call in calls:
        begun = time.monotonic()
        until(lambda call=call: call() == 200, "success", every=0.5)  # 503 says: try again
        longest = max(longest, time.monotonic() - begun)
    return longest


@pytest.mark.usefixtures("usual_hashes")
def test_sixty_connections_that_log_in_hold_up_no_upload_and_no_other_login(place: Place) -> None:
    with place.open_store() as store:
        store.add("ann", "bob", "cyd")
        code, key = store.new("ann").code, key_for(store, "ann")
    with place.serve() as server:

        def upload() -> int:
            return ask(
                server,
                "PUT",
                address(api.PUBLISH_FILE, {"code": code, "path": f"{secrets.token_hex(4)}.txt"}),
                b"x",
                key,
            )

        usual_upload = time_calls(*[upload] * 3)
        # Bob is known at an address that then takes part in the flood.
        usual_login = time_calls(lambda: log_in(server, "bob", FLOODING[0]))
        with flood(server) as answers:
            uploads = time_calls(*[upload] * 5)
            elsewhere = time_calls(
                *(lambda n=n: log_in(server, "cyd", f"127.0.0.{100 + n}") for n in range(3))
            )
            known = time_calls(*[lambda: log_in(server, "bob", FLOODING[0])] * 3)
        figures = (
            f"upload {usual_upload:.2f} s, then at most {uploads:.2f} s; "
            f"login {usual_login:.2f} s, then at most {elsewhere:.2f} s from another address, "
            f"{known:.2f} s where known; answers of the flood: {dict(answers)}"
        )
        print(figures)
        assert uploads < PATIENCE + 10 * usual_upload, figures
        assert max(elsewhere, known) < PATIENCE + 10 * usual_login, figures
