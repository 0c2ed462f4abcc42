"""Keeping a login alive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_sessions import errors
from jupyter_sessions.client.logins.keep_alive import LoginKeepAlive, keep_alive
from tests.client.logins.conftest import Accounts, put
from tests.waiting import until


def test_it_goes_on_while_the_server_is_away_and_says_so_once(accounts: Accounts) -> None:
    login = put(accounts.server.url)
    said: list[str] = []
    rounds = 0

    def over(_: float) -> bool:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            accounts.server.stop()
        if rounds == 3:
            accounts.server.start()
        return rounds == 4

    keep_alive(login, 1, over, lambda error: said.append(error.message))
    assert accounts.asked("/login/keep") == 2
    assert len(said) == 1


def test_it_ends_with_the_login(accounts: Accounts) -> None:
    login = put(accounts.server.url)
    accounts.dead[login.key] = errors.LoginRevoked("Ended.", hint=".")
    with pytest.raises(errors.LoginRevoked):
        keep_alive(login, 1, lambda _: False)


def test_a_process_keeps_it_while_the_one_that_wants_it_computes(accounts: Accounts) -> None:
    login = put(accounts.server.url)
    program = (
        "import re, sys\n"
        "from jupyter_sessions.client import logins\n"
        "from jupyter_sessions.client.logins.keep_alive import LoginKeepAlive\n"
        f"keeper = LoginKeepAlive(logins.find_login({login.id!r}), 0.1)\n"
        "print(keeper._process.pid, flush=True)\n"
        # One step of C code, which lets no other thread of this process run.
        "re.match(r'(a+)+$', 'a' * 60 + 'b')\n"
    )
    busy = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert busy.stdout is not None
        keeper = int(busy.stdout.readline())
        until(lambda: accounts.asked("/login/keep") >= 5)
        assert busy.poll() is None
    finally:
        busy.send_signal(signal.SIGKILL)
        busy.wait()
        assert busy.stdout is not None
        busy.stdout.close()
    until(lambda: _gone(keeper))


def _gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    # Nobody may be there to bury it.
    told = Path(f"/proc/{process}/stat").read_text()
    return told.rpartition(")")[2].split()[0] == "Z"


def test_it_can_be_stopped_and_ends_by_itself_with_the_login(accounts: Accounts) -> None:
    login = put(accounts.server.url)
    keeper = LoginKeepAlive(login, 0.1)
    until(lambda: accounts.asked("/login/keep") >= 2)
    assert keeper.running
    keeper.stop()
    assert not keeper.running
    other = LoginKeepAlive(login, 0.1)
    accounts.dead[login.key] = errors.LoginRevoked("Ended.", hint=".")
    until(lambda: not other.running)
    other.stop()
