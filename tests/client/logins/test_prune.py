"""What is of no use any more goes, and nothing else."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from jupyter_sessions import errors
from jupyter_sessions.client import logins
from jupyter_sessions.client.logins import prune
from tests.client.logins.conftest import Accounts, put
from tests.waiting import until


def test_the_expired_go_and_what_lives_or_cannot_be_read_stays() -> None:
    now = datetime.now(UTC)
    over = put("https://h", expires=now - timedelta(seconds=1))
    alive = put("https://h", expires=now + timedelta(days=1))
    endless = put("https://h")
    revoked = put("https://h", ended="revoked")
    # Another machine may have used its key meanwhile.
    unused = put("https://h", last_used=now - timedelta(days=2), idle_timeout=60)
    (logins.folder() / "torn.json").write_bytes(b'{"id": "torn", "serv')
    logins.set_current(over)
    assert {each.id for each in prune.ended(logins.stored())} == {over.id, revoked.id}
    prune.prune(prune.ended(logins.stored()))
    assert {each.id for each in logins.stored()} == {alive.id, endless.id, unused.id}
    assert (logins.folder() / "torn.json").exists()
    with pytest.raises(errors.LoginGone):
        logins.current()


def test_what_a_killed_write_left_goes_a_day_later() -> None:
    put("https://h")
    old, new = (logins.folder() / f".{name}.new" for name in ("old", "young"))
    for file in (old, new):
        file.touch()
    os.utime(old, times=(time.time() - 2 * 86_400,) * 2)
    prune.prune([])
    assert not old.exists()
    assert new.exists()


def test_what_expired_a_month_ago_goes_by_itself_in_the_background(accounts: Accounts) -> None:
    now = datetime.now(UTC)
    for _ in range(50):
        put("https://h", expires=now - timedelta(days=31))
    lately = put("https://h", expires=now - timedelta(days=29))
    prune.prune_now_and_then()
    assert len(logins.stored()) == 51  # on the first day there is nothing to drop
    marker = logins.folder() / "pruned"
    os.utime(marker, times=(time.time() - 2 * 86_400,) * 2)
    prune.prune_now_and_then()
    until(lambda: logins.stored() == [lately])


def test_it_is_done_once_a_day_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    put("https://h")
    prune.prune_now_and_then()
    marker = logins.folder() / "pruned"
    os.utime(marker, times=(time.time() - 2 * 86_400,) * 2)

    class Started:
        def __init__(self, *command: object, **_: object) -> None:
            started.append(command)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr("subprocess.Popen", Started)
    for _ in range(5):
        prune.prune_now_and_then()
    assert len(started) == 1
