"""Which login a command of a shell is for is found out once."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.client import login_context, logins
from jupyter_sessions.client.logins import shells, storage
from jupyter_sessions.client.transports.local import LocalTransport
from tests.cli.conftest import Program
from tests.conftest import PASSWORD, Serve


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each file of the stored logins is opened, and the shell is asked for."""
    counts: Counter[str] = Counter()
    really_open, really_ask = os.open, shells.this_shell

    def count_open(path: Any, *arguments: Any, **more: Any) -> int:
        if Path(os.fsdecode(path)).parent.name == "logins":
            counts[Path(os.fsdecode(path)).name] += 1
        return really_open(path, *arguments, **more)

    def count_shell() -> Any:
        counts["shell"] += 1
        return really_ask()

    monkeypatch.setattr(os, "open", count_open)
    monkeypatch.setattr(shells, "this_shell", count_shell)
    return counts


def log_in(program: Program, serve: Serve) -> str:
    """Log two people in at a server, and return the code of a session of the second."""
    for name in ("bob", "ann"):
        LocalTransport().call(api.ADD_ACCOUNT, schemas.NewAccount(name=name, password=PASSWORD))
    url = serve().url
    for name in ("bob", "ann"):
        program.good("login", f"{name}@{url}", "-w", PASSWORD)
    return str(program("new", "ours", "--json").json["code"])


def test_a_command_reads_each_file_of_the_stored_logins_once(
    program: Program, serve: Serve, reads: Counter[str]
) -> None:
    code = log_in(program, serve)
    program.good("members", "-S", code)  # the use of the login is written once a minute at most
    reads.clear()
    program.good("grant", "-S", code, "bob:read")
    assert reads["shell"] == 1, reads
    assert max(reads.values()) == 1, reads
    assert sum(count for name, count in reads.items() if name.endswith(".json")) <= 2, reads


def test_a_change_by_the_command_itself_is_seen(program: Program, serve: Serve) -> None:
    log_in(program, serve)
    with login_context.read_once():
        mine, other = storage.stored()
        assert logins.current() == mine
        logins.set_current(other)
        logins.set_here(None, "shell")
        assert logins.current() == other
        storage.remove(mine)
        assert storage.stored() == [other]


def test_what_another_process_has_changed_is_seen_after_a_refresh(
    program: Program, process: Program, serve: Serve
) -> None:
    log_in(program, serve)
    with login_context.read_once():
        mine, other = storage.stored()
        assert logins.current() == mine
        process.good("switch", other.id)
        assert logins.current() == mine
        login_context.refresh()
        assert logins.current() == other
    assert login_context.known.get() is None
