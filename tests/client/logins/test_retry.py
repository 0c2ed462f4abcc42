"""Waiting for a server: as long as one will, and no longer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.logins import retry
from jupyter_sessions.client.transports.http import HttpTransport
from tests.client.scripted_server import Answer, ScriptedServer
from tests.ports import free_port
from tests.waiting import STARTED_WITHIN

#: On a loaded machine a thread wakes up late, though far from as late as a wait without an end.
LATE = 20.0  # seconds


def refused(server: str, seconds: float | None) -> tuple[errors.SessionsError, float]:
    begin = time.monotonic()
    with pytest.raises(errors.ServerUnreachable) as caught:
        retry.reach(server, seconds)
    return caught.value, time.monotonic() - begin


def test_a_server_that_is_away_is_asked_for_no_longer_than_that() -> None:
    error, took = refused(f"http://127.0.0.1:{free_port()}", 1.5)
    assert took < 1.5 + LATE
    assert "can't be reached" in error.message


def test_a_pause_that_ends_after_the_time_is_over_is_followed_by_one_last_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleep = time.sleep
    monkeypatch.setattr(retry.time, "sleep", lambda seconds: sleep(seconds + 0.6))
    ask, given = retry.ask, []

    def note(*arguments: Any, within: float) -> Any:
        given.append(within)
        return ask(*arguments, within=within)

    monkeypatch.setattr(retry, "ask", note)
    error, _ = refused(f"http://127.0.0.1:{free_port()}", 0.5)
    assert "can't be reached" in error.message
    assert len(given) == 2
    assert min(given) > 0


@pytest.mark.parametrize("answer", [Answer(hang=True), Answer(drip=inf)], ids=["hangs", "drips"])
@pytest.mark.parametrize("asked", ["once", "again and again"])
def test_a_server_that_hangs_or_drips_is_waited_for_no_longer_than_that(
    server: ScriptedServer, answer: Answer, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "ANSWERS_WITHIN", 0.5)
    server.script = lambda asked: answer
    error, took = refused(server.url, 0.5 if asked == "again and again" else None)
    assert took < 0.5 + LATE
    assert "did not answer within" in error.message


def test_an_answer_about_a_login_that_never_ends_does_not_fill_the_memory(
    server: ScriptedServer,
) -> None:
    server.script = lambda asked: Answer(b" " * (3 << 20))
    with pytest.raises(errors.NotASessionsServer, match="more than 1 MiB"):
        retry.reach(server.url)


def test_without_patience_a_server_is_asked_once(server: ScriptedServer) -> None:
    server.script = lambda asked: Answer(b"", 503, "text/html")
    for seconds in (None, 0.0):
        refused(server.url, seconds)
    assert len(server.asked) == 2


def test_a_server_that_comes_up_in_time_is_reached(server: ScriptedServer) -> None:
    server.stop()
    threading.Timer(0.7, server.start).start()
    retry.reach(server.url, STARTED_WITHIN)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Answer(b"<html>", media_type="text/html"),
        lambda: Answer.error(errors.StoreFull("Full.", hint=".")),
    ],
)
def test_what_waiting_does_not_change_is_told_at_once(
    server: ScriptedServer, answer: Callable[[], Answer]
) -> None:
    server.script = lambda asked: answer()
    with pytest.raises(errors.SessionsError):
        retry.reach(server.url, 60)
    assert len(server.asked) == 1


def test_the_answer_comes_back_from_the_waiting(server: ScriptedServer) -> None:
    health = retry.wait_for(
        server.url,
        None,
        lambda http: http.call(api.CHECK_HEALTH, schemas.Nothing()),
        STARTED_WITHIN,
    )
    assert health.ok


def test_a_question_that_outlives_its_time_sends_nothing_any_more(server: ScriptedServer) -> None:
    came_late, ended = threading.Event(), threading.Event()
    met: list[BaseException] = []

    def question(http: HttpTransport) -> None:
        came_late.wait(STARTED_WITHIN)  # as one waits for a slow look-up of a name
        try:
            http.call(api.CHECK_HEALTH, schemas.Nothing())
        except errors.SessionsError as error:
            met.append(error)
        ended.set()

    with pytest.raises(errors.ServerSilent):
        retry.ask(server.url, "jses_s3cret", question, within=0.1)
    came_late.set()
    assert ended.wait(STARTED_WITHIN)
    assert [type(error) for error in met] == [errors.ConnectionClosed]
    assert server.asked == []
